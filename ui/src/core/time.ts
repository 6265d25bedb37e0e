/** Times are microseconds since the epoch (us) on the wire, seconds (s) in charts, ms in Date. */

const UNIT_S: Record<string, number> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, m: 60, h: 3600, d: 86400, w: 604800, mo: 2592000, y: 31536000 }

/** Where the reader's midnight is, like `Asia/Shanghai`: a day's consumption begins there. */
export const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** `5min` → 300; null when it is not a duration. */
export function durationSeconds(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h|d|w|mo|y)$/.exec(text.trim())
  if (!found) return null
  return Number(found[1]) * (UNIT_S[found[2] ?? ''] ?? Number.NaN)
}

/** A range as a person chose it: `-1h`…`now` moves with the clock, numbers (us) stay. */
export interface TimeRange {
  start: string
  end: string
}

/** Read one end: `now`, `-30d`, `-90s`, ISO text, or us since the epoch. NaN when it is none of these. */
export function timeUs(text: string, nowUs: number): number {
  const trimmed = text.trim()
  if (trimmed === 'now') return nowUs
  if (/^-?\d{12,}$/.test(trimmed)) return Number(trimmed)
  if (trimmed.startsWith('-')) {
    const back = durationSeconds(trimmed.slice(1))
    return back === null ? Number.NaN : nowUs - back * 1e6
  }
  const ms = Date.parse(trimmed)
  return Number.isNaN(ms) ? Number.NaN : ms * 1000
}

export function resolve(range: TimeRange, nowUs: number): { startUs: number; endUs: number } {
  return { startUs: timeUs(range.start, nowUs), endUs: timeUs(range.end, nowUs) }
}

export const isLive = (range: TimeRange): boolean => range.end === 'now' && range.start.startsWith('-')

export const nowUs = (): number => Date.now() * 1000

/** The one place where us become the seconds of a chart's axis. */
export const secondsOf = (us: number): number => us / 1e6
export const usOf = (seconds: number): number => Math.round(seconds * 1e6)

export function fixedRange(startUs: number, endUs: number): TimeRange {
  return { start: String(Math.round(startUs)), end: String(Math.round(endUs)) }
}

/** Shift by a part of the span: a pan. A moving range becomes a fixed one. */
export function panned(startUs: number, endUs: number, part: number): TimeRange {
  const by = (endUs - startUs) * part
  return fixedRange(startUs + by, endUs + by)
}

/** Zoom about `atUs`; factor < 1 looks closer. Never closer than 1 ms, never wider than 40 years. */
export function zoomed(startUs: number, endUs: number, atUs: number, factor: number): TimeRange {
  const span = Math.min(Math.max((endUs - startUs) * factor, 1e3), 40 * 365.25 * 86400e6)
  const part = (atUs - startUs) / Math.max(endUs - startUs, 1)
  return fixedRange(atUs - span * part, atUs + span * (1 - part))
}

const two = (n: number) => String(n).padStart(2, '0')

/** Local time as instruments show it: `2026-03-08 14:05:09.120`, date left out when it is today; `minutes`: no seconds. */
export function clock(us: number, nowMs: number, options: { ms?: boolean; date?: boolean; minutes?: boolean } = {}): string {
  const d = new Date(us / 1000)
  const now = new Date(nowMs)
  const sameDay = d.toDateString() === now.toDateString()
  const short = `${two(d.getHours())}:${two(d.getMinutes())}`
  const time = options.minutes ? short : `${short}:${two(d.getSeconds())}`
  const fine = options.ms ? `${time}.${String(d.getMilliseconds()).padStart(3, '0')}` : time
  if (sameDay && !options.date) return fine
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${fine}`
}

/** Value for `<input type="datetime-local">`, local time with seconds. */
export function inputTime(us: number): string {
  const d = new Date(us / 1000)
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** Split an age or span into its largest fitting unit: 90 s → {n: 1.5, unit: 'min'}. */
export function spanParts(seconds: number): { n: number; unit: 's' | 'min' | 'h' | 'd' } {
  const s = Math.abs(seconds)
  if (s >= 86400 && s % 86400 === 0) return { n: s / 86400, unit: 'd' }
  if (s >= 3600 && s % 3600 === 0) return { n: s / 3600, unit: 'h' }
  if (s < 90) return { n: s, unit: 's' }
  if (s < 5400) return { n: s / 60, unit: 'min' }
  if (s < 172800) return { n: s / 3600, unit: 'h' }
  return { n: s / 86400, unit: 'd' }
}

export const PRESETS = ['5min', '15min', '1h', '8h', '24h', '7d', '30d'] as const
