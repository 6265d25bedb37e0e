/** Arrow stream of `/series` → one trace of typed arrays per point. Columns all the way; no object per value. */
import { tableFromIPC } from 'apache-arrow'
import type { SeriesHead } from '../wire/api'
import type { Trace } from './series'
import { secondsOf } from './time'

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
    const series = batch.getChild('series')
    const time = batch.getChild('time')?.data[0]
    const value = batch.getChild('value')
    const quality = batch.getChild('quality')
    const words = batch.getChild('text')
    const stamps = time?.values as BigInt64Array | undefined
    const from = time?.offset ?? 0
    const worded = words !== null && words.nullCount < n
    for (let i = 0; i < n; i++) {
      which[at + i] = (series?.get(i) as number | null) ?? 0
      // The data's own buffer: `get` would round to milliseconds.
      t[at + i] = secondsOf(Number(stamps?.[from + i] ?? 0n))
      const v = value?.get(i) as number | null
      y[at + i] = v === null || v === undefined ? Number.NaN : v
      q[at + i] = (quality?.get(i) as number | null) ?? 0
      if (worded && text) text[at + i] = words.get(i) as string | null
    }
    at += n
  }
  return heads.map((head, index) => slice(head, index, which, t, y, q, text))
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
