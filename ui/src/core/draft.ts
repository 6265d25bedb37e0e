/** What somebody was writing, kept in this window: a session may end in the middle of it. */
export interface Draft {
  text: string
  /** What it was made from: the text then, and its revision. */
  before: string
  from: number
}

const key = (what: string): string => `baigong.draft.${what}`

export function keepDraft(what: string, draft: Draft | null): void {
  try {
    if (draft) sessionStorage.setItem(key(what), JSON.stringify(draft))
    else sessionStorage.removeItem(key(what))
  } catch {
    // Storage blocked or full: the draft lasts as long as the page.
  }
}

export function keptDraft(what: string): Draft | null {
  try {
    const held = JSON.parse(sessionStorage.getItem(key(what)) ?? 'null') as Partial<Draft> | null
    return held && typeof held.text === 'string' && typeof held.before === 'string' && typeof held.from === 'number' ? (held as Draft) : null
  } catch {
    return null
  }
}
