/** What was drawn before, and what was taken back. Pure. */
export interface History<T> {
  now: T
  past: readonly T[]
  future: readonly T[]
  /** Changes with one name, one after the other, are one step: a word typed is not eleven. */
  last: string
}

const MOST = 200

export const begun = <T>(now: T): History<T> => ({ now, past: [], future: [], last: '' })

export function changed<T>(history: History<T>, now: T, name = ''): History<T> {
  if (now === history.now) return history
  if (name && name === history.last) return { ...history, now, future: [] }
  return { now, past: [...history.past, history.now].slice(-MOST), future: [], last: name }
}

export function undone<T>(history: History<T>): History<T> {
  const before = history.past.at(-1)
  if (before === undefined) return history
  return { now: before, past: history.past.slice(0, -1), future: [history.now, ...history.future], last: '' }
}

export function redone<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future
  if (next === undefined) return history
  return { now: next, past: [...history.past, history.now], future, last: '' }
}
