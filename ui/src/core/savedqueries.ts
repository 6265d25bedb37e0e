/** Queries kept in this browser. */

export interface SavedQuery {
  name: string
  sql: string
}

const KEY = 'baigong.queries'

export function savedQueries(): SavedQuery[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(read) ? read.filter((q): q is SavedQuery => typeof q?.name === 'string' && typeof q?.sql === 'string') : []
  } catch {
    return []
  }
}

/** Keep under a name (replacing), or forget with null; returns what is kept now. */
export function keepQuery(name: string, sql: string | null): SavedQuery[] {
  const rest = savedQueries().filter((query) => query.name !== name)
  const next = sql === null ? rest : [...rest, { name, sql }].sort((a, b) => a.name.localeCompare(b.name))
  try {
    localStorage.setItem(KEY, JSON.stringify(next))
  } catch {
    // Full or blocked: kept until the page is closed.
  }
  return next
}
