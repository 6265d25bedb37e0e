/** One point over a range as typed arrays, and what is read from it. */
import type { SeriesHead } from '../wire/api'
import { severity } from './quality'
import { secondsOf } from './time'

export interface Trace {
  head: SeriesHead
  /** Seconds since the epoch, ascending. */
  t: Float64Array
  /** NaN where there is no value. */
  y: Float64Array
  q: Int32Array
  /** Words of a text point: y holds their index. */
  words: string[] | null
  /** Of another time, laid over for comparison. */
  ghost?: boolean
}

/** The same trace later by `s` seconds, as the ghost that a comparison lays over the present. */
export function ghostOf(trace: Trace, s: number, label: string): Trace {
  return { ...trace, t: trace.t.map((at) => at + s), ghost: true, head: { ...trace.head, name: `${trace.head.name} ${label}` } }
}

/** Add live samples that are newer than the trace; older ones are already in it. */
export function withTail(trace: Trace, tail: readonly { time_us: number; value: number | null; quality: number }[]): Trace {
  const last = trace.t.length ? (trace.t[trace.t.length - 1] ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY
  const fresh: { s: number; value: number | null; quality: number }[] = []
  let before = last
  for (const sample of tail) {
    const s = secondsOf(sample.time_us)
    if (s <= before) continue
    fresh.push({ s, value: sample.value, quality: sample.quality })
    before = s
  }
  if (fresh.length === 0) return trace
  const n = trace.t.length
  const grown: Trace = { ...trace, t: new Float64Array(n + fresh.length), y: new Float64Array(n + fresh.length), q: new Int32Array(n + fresh.length) }
  grown.t.set(trace.t)
  grown.y.set(trace.y)
  grown.q.set(trace.q)
  fresh.forEach((sample, i) => {
    grown.t[n + i] = sample.s
    grown.y[n + i] = sample.value ?? Number.NaN
    grown.q[n + i] = sample.quality
  })
  return grown
}

export const usable = (trace: Trace, i: number): boolean =>
  !Number.isNaN(trace.y[i] ?? Number.NaN) && severity(trace.q[i] ?? 0) !== 'bad'

/** Index of the last sample at or before `s`, −1 when there is none. */
export function indexAt(t: Float64Array, s: number): number {
  let low = 0
  let high = t.length
  while (low < high) {
    const mid = (low + high) >> 1
    if ((t[mid] ?? 0) <= s) low = mid + 1
    else high = mid
  }
  return low - 1
}

/** What a cursor reads: a level between its samples, a switch from its last one; null inside a gap. */
export function valueAt(trace: Trace, s: number): number | null {
  const i = indexAt(trace.t, s)
  if (i < 0 || !usable(trace, i)) return null
  const y0 = trace.y[i] ?? Number.NaN
  const next = i + 1
  if (stepped(trace) || next >= trace.t.length || !usable(trace, next)) return y0
  const t0 = trace.t[i] ?? 0
  const t1 = trace.t[next] ?? 0
  const y1 = trace.y[next] ?? Number.NaN
  return t1 > t0 ? y0 + ((y1 - y0) * (s - t0)) / (t1 - t0) : y0
}

export const stepped = (trace: Trace): boolean =>
  trace.head.kind === 'state' || trace.head.kind === 'text' || trace.head.sloped === false
