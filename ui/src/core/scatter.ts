/** Two traces at the same times: what an x-y chart shows. */
import { indexAt, type Trace, usable, valueAt } from './series'

export interface Pairs {
  x: number[]
  y: number[]
  /** Seconds. */
  t: number[]
}

const MOST = 20_000

/** One pair a sample of `x` where both are known; of thinned traces one a column of pixels, the middle of what it holds. */
export function pairs(x: Trace, y: Trace, from: number, to: number, columns: number): Pairs {
  const out: Pairs = { x: [], y: [], t: [] }
  const thinned = x.head.downsampled || y.head.downsampled || x.t.length > MOST
  const put = (s: number, a: number | null, b: number | null) => {
    if (a === null || b === null) return
    out.x.push(a)
    out.y.push(b)
    out.t.push(s)
  }
  if (!thinned) {
    x.t.forEach((s, i) => put(s, usable(x, i) ? (x.y[i] ?? null) : null, valueAt(y, s)))
    return out
  }
  const step = (to - from) / Math.max(columns, 1)
  for (let s = from; s < to; s += step) put(s + step / 2, middle(x, s, s + step), middle(y, s, s + step))
  return out
}

/** Mean of the samples in [from, to); between samples what the trace reads there. */
function middle(trace: Trace, from: number, to: number): number | null {
  let sum = 0
  let n = 0
  let i = indexAt(trace.t, from)
  if (i < 0 || (trace.t[i] ?? 0) < from) i += 1
  for (; i < trace.t.length && (trace.t[i] ?? 0) < to; i++) {
    if (!usable(trace, i)) continue
    sum += trace.y[i] ?? 0
    n += 1
  }
  return n ? sum / n : valueAt(trace, (from + to) / 2)
}

/** Round numbers between `low` and `high`, about `n` of them. */
export function ticks(low: number, high: number, n: number): number[] {
  const rough = (high - low) / Math.max(n, 1)
  if (!(rough > 0)) return [low]
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power
  const out: number[] = []
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k++) out.push(Number((k * step).toPrecision(12)))
  return out
}
