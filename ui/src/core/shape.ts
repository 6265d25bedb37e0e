/** Traces → the columns uPlot draws: one shared x, `null` for a real gap, `undefined` where another point has a sample. */
import { isSimulated, severity } from './quality'
import { stepped, type Trace, usable } from './series'

export type Cell = number | null | undefined

/** One column of a plot and what it is. */
export interface Column {
  trace: number
  role: 'line' | 'low' | 'high' | 'uncertain'
}

export interface Shaped {
  /** [x, …columns]; x in seconds, ascending, unique. */
  data: [number[], ...Cell[][]]
  columns: Column[]
}

export interface Interval {
  from: number
  to: number
}

interface Piece {
  t: number[]
  columns: { role: Column['role']; y: (number | null)[] }[]
}

/** Shape for a window of `width` CSS pixels between start and end (s). */
export function shape(traces: readonly Trace[], start: number, end: number, width: number): Shaped {
  const pieces = traces.map((trace) =>
    trace.head.downsampled && !stepped(trace) ? envelope(trace, start, end, width) : stepped(trace) ? held(plain(trace), Math.min(end, Date.now() / 1000)) : plain(trace),
  )
  const x = union(pieces.map((piece) => piece.t))
  const at = new Map<number, number>()
  x.forEach((value, i) => at.set(value, i))
  const data: [number[], ...Cell[][]] = [x]
  const columns: Column[] = []
  pieces.forEach((piece, trace) => {
    for (const { role, y } of piece.columns) {
      const out = new Array<Cell>(x.length).fill(undefined)
      piece.t.forEach((value, i) => {
        const row = at.get(value)
        if (row !== undefined) out[row] = y[i]
      })
      data.push(out)
      columns.push({ trace, role })
    }
  })
  return { data, columns }
}

/** Every sample; uncertain ones go to a column of their own, drawn dashed. */
function plain(trace: Trace): Piece {
  const t: number[] = []
  const line: (number | null)[] = []
  const doubt: (number | null)[] = []
  let doubted = false
  let before: 'good' | 'uncertain' | 'bad' = 'bad'
  for (let i = 0; i < trace.t.length; i++) {
    const now = usable(trace, i) ? severity(trace.q[i] ?? 0) : 'bad'
    const y = now === 'bad' ? null : (trace.y[i] ?? null)
    const s = trace.t[i] ?? 0
    if (t.length && s <= (t[t.length - 1] ?? 0)) continue
    t.push(s)
    // The sample where good and uncertain meet belongs to both, so that the line has no hole.
    line.push(now === 'uncertain' && before !== 'good' ? null : y)
    doubt.push(now === 'uncertain' || before === 'uncertain' ? y : null)
    doubted ||= now === 'uncertain'
    before = now
  }
  const columns: Piece['columns'] = [{ role: 'line', y: line }]
  if (doubted) columns.push({ role: 'uncertain', y: doubt })
  return { t, columns }
}

/** What holds, holds until the window ends or now; what is bad or doubted last holds nothing. */
function held(piece: Piece, end: number): Piece {
  const last = piece.t.length - 1
  if (last < 0 || end <= (piece.t[last] ?? end) || piece.columns[0]?.y[last] === null) return piece
  return { t: [...piece.t, end], columns: piece.columns.map(({ role, y }) => ({ role, y: [...y, y[last] ?? null] })) }
}

/** M4 samples (first, last, min, max of a pixel column) → low, high and middle per pixel column. */
function envelope(trace: Trace, start: number, end: number, width: number): Piece {
  const step = Math.max((end - start) / Math.max(width, 1), 1e-6)
  const t: number[] = []
  const line: (number | null)[] = []
  const low: (number | null)[] = []
  const high: (number | null)[] = []
  let i = 0
  while (i < trace.t.length) {
    const bucket = Math.floor(((trace.t[i] ?? 0) - start) / step)
    let n = 0
    let sum = 0
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (; i < trace.t.length && Math.floor(((trace.t[i] ?? 0) - start) / step) === bucket; i++) {
      if (!usable(trace, i)) continue
      const y = trace.y[i] ?? 0
      n += 1
      sum += y
      if (y < min) min = y
      if (y > max) max = y
    }
    t.push(start + (bucket + 0.5) * step)
    line.push(n ? sum / n : null)
    low.push(n ? min : null)
    high.push(n ? max : null)
  }
  return { t, columns: [{ role: 'low', y: low }, { role: 'high', y: high }, { role: 'line', y: line }] }
}

function union(lists: number[][]): number[] {
  if (lists.length === 1) return lists[0] ?? []
  const all = new Set<number>()
  for (const list of lists) for (const value of list) all.add(value)
  return Array.from(Float64Array.from(all).sort())
}

/** From the first bad sample to the next usable one: where the chart is hatched. */
export function badIntervals(trace: Trace, end: number): Interval[] {
  return intervals(trace, end, (i) => !usable(trace, i))
}

export function simulatedIntervals(trace: Trace, end: number): Interval[] {
  return intervals(trace, end, (i) => isSimulated(trace.q[i] ?? 0))
}

function intervals(trace: Trace, end: number, holds: (i: number) => boolean): Interval[] {
  const out: Interval[] = []
  let from: number | null = null
  for (let i = 0; i < trace.t.length; i++) {
    const s = trace.t[i] ?? 0
    if (holds(i)) from ??= s
    else if (from !== null) {
      out.push({ from, to: s })
      from = null
    }
  }
  if (from !== null) out.push({ from, to: Math.max(end, from) })
  return out
}

/** Low and high of what is drawn, for scales that must not collapse on a constant. */
export function padded(min: number, max: number): [number, number] {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1]
  if (min === max) {
    const by = Math.abs(min) > 1e-12 ? Math.abs(min) * 0.05 : 1
    return [min - by, max + by]
  }
  const by = (max - min) * 0.06
  return [min - by, max + by]
}
