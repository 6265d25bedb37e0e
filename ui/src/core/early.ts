/** Requests that are certain from the address alone: under way before the console's own code has been read. */
import { parseTrend } from './trendstate'
import { sessionPath } from './visit'

const ROOT = '/api/v1'
const waiting = new Map<string, Promise<Response | null>>()
const KEY = 'baigong.plot'
const KEPT_MS = 10_000
// Ask for a rounded width, so that one pixel of resizing asks nothing.
const STEP = 40

/** Begin; `ask` takes the answer when the same is asked for. A failure is no answer, and asked for again. */
function begin(path: string, accept: string): void {
  const answer = fetch(ROOT + path, { headers: { Accept: accept }, credentials: 'same-origin' }).then((response) => (response.ok ? response : null)).catch(() => null)
  const key = `${accept} ${path}`
  waiting.set(key, answer)
  setTimeout(() => waiting.delete(key), KEPT_MS)
}

/** What was begun, once. */
export function begun(path: string, accept: string): Promise<Response | null> | null {
  const key = `${accept} ${path}`
  const answer = waiting.get(key) ?? null
  waiting.delete(key)
  return answer
}

/** What was asked before a change (or by whoever was signed in before) answers nothing after it. */
export function forget(): void {
  waiting.clear()
}

export const columnsOf = (width: number): number => Math.ceil(width / STEP) * STEP

/** How wide the plot was in a window of this width: the same window gives the same plot again. */
export function keepColumns(columns: number): void {
  try {
    sessionStorage.setItem(KEY, `${window.innerWidth}:${columns}`)
  } catch {
    // Storage blocked: then nothing is asked for early.
  }
}

function keptColumns(): number {
  try {
    const [window_, columns] = (sessionStorage.getItem(KEY) ?? '').split(':').map(Number)
    return window_ === window.innerWidth && columns ? columns : 0
  } catch {
    return 0
  }
}

export const seriesPath = (names: readonly string[], start: string, end: string, columns: number): string =>
  `/series?${new URLSearchParams({ points: names.join(','), start, end, width: String(columns) })}`

export const ARROW = 'application/vnd.apache.arrow.stream'
export const JSON_TYPE = 'application/json'

export function beginEarly(path: string, search: string): void {
  begin(sessionPath(), JSON_TYPE)
  beginView(path, search)
}

/** What a page asks for first of all, asked before it is there to ask. */
export function beginView(path: string, search: string): void {
  if (path !== '/trends') return
  const { points, range } = parseTrend(search)
  const columns = keptColumns()
  if (points.length && columns) begin(seriesPath(points, range.start, range.end, columns), ARROW)
}
