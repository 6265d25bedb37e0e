/** Arrow stream of `/series` → one trace of typed arrays per point. Columns all the way; no object per value. */
import { tableFromIPC } from 'apache-arrow'
import type { SeriesHead } from '../wire/api'
import type { Trace } from './series'
import { secondsOf } from './time'

/** What a column of numbers is in memory (Arrow's `Data`). */
interface Column {
  values: ArrayLike<number> & ArrayBufferView
  nullBitmap: Uint8Array
  nullCount: number
  offset: number
}

const HIGH = 2 ** 32

export function decodeSeries(raw: Uint8Array): Trace[] {
  const table = tableFromIPC(raw)
  const heads = JSON.parse(table.schema.metadata.get('series') ?? '[]') as SeriesHead[]
  const rows = table.numRows
  const which = new Int32Array(rows)
  const t = new Float64Array(rows)
  const y = new Float64Array(rows)
  const q = new Int32Array(rows)
  const text: (string | null)[] | null = table.getChild('text') ? new Array<string | null>(rows).fill(null) : null
  let at = 0
  for (const batch of table.batches) {
    const n = batch.numRows
    const column = (name: string) => batch.getChild(name)?.data[0] as unknown as Column | undefined
    copy(which, at, n, column('series'))
    seconds(t, at, n, column('time'))
    copy(y, at, n, column('value'))
    copy(q, at, n, column('quality'))
    const value = column('value')
    if (!value || value.nullCount > 0) for (let i = 0; i < n; i++) if (!value || isNull(value, i)) y[at + i] = Number.NaN
    const words = batch.getChild('text')
    if (text && words && words.nullCount < n) for (let i = 0; i < n; i++) text[at + i] = words.get(i) as string | null
    at += n
  }
  return heads.map((head, index) => slice(head, index, which, t, y, q, text))
}

function copy(into: Int32Array | Float64Array, at: number, n: number, column: Column | undefined): void {
  if (!column) return
  const from = column.values
  for (let i = 0; i < n; i++) into[at + i] = from[column.offset + i] ?? 0
}

/** Microseconds of 64 bits, read in halves: exact up to 2^53, and no BigInt a row. */
function seconds(into: Float64Array, at: number, n: number, column: Column | undefined): void {
  if (!column) return
  const { buffer, byteOffset } = column.values
  const low = new Uint32Array(buffer, byteOffset)
  const high = new Int32Array(buffer, byteOffset)
  for (let i = 0, j = column.offset * 2; i < n; i++, j += 2) into[at + i] = secondsOf((high[j + 1] ?? 0) * HIGH + (low[j] ?? 0))
}

function isNull(column: Column, row: number): boolean {
  const bit = column.offset + row
  return (((column.nullBitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 0
}

function slice(head: SeriesHead, index: number, which: Int32Array, t: Float64Array, y: Float64Array, q: Int32Array, text: (string | null)[] | null): Trace {
  let start = which.indexOf(index)
  if (start < 0) start = which.length
  let end = start
  while (end < which.length && which[end] === index) end++
  const trace: Trace = { head, t: t.slice(start, end), y: y.slice(start, end), q: q.slice(start, end), words: null }
  if (text && head.kind === 'text') return coded(trace, text.slice(start, end))
  return trace
}

function coded(trace: Trace, text: (string | null)[]): Trace {
  const words: string[] = []
  const seen = new Map<string, number>()
  text.forEach((word, i) => {
    if (word === null) return
    let code = seen.get(word)
    if (code === undefined) {
      code = words.length
      words.push(word)
      seen.set(word, code)
    }
    trace.y[i] = code
  })
  return { ...trace, words }
}
