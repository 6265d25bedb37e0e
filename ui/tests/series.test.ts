import { Field, Float64, Int32, RecordBatch, Schema, Struct, Table, TimestampMicrosecond, Utf8, makeData, tableToIPC, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { decodeSeries } from '../src/core/arrow'
import { type Trace, valueAt, withTail } from '../src/core/series'
import { badIntervals, padded, shape } from '../src/core/shape'
import type { SeriesHead } from '../src/wire/api'

const head = (name: string, more: Partial<SeriesHead> = {}): SeriesHead => ({ name, number: '1', unit: '', kind: 'gauge', rows: 0, downsampled: false, ...more })
const trace = (t: number[], y: (number | null)[], q: number[] = t.map(() => 0), more: Partial<SeriesHead> = {}): Trace => ({
  head: head('a.b', more), t: Float64Array.from(t), y: Float64Array.from(y, (v) => v ?? Number.NaN), q: Int32Array.from(q), words: null,
})

function stream(rows: [series: number, us: bigint, value: number | null, text: string | null, quality: number][], heads: SeriesHead[]): Uint8Array {
  const stamps = BigInt64Array.from(rows.map((row) => row[1]))
  const columns = {
    series: vectorFromArray(rows.map((row) => row[0]), new Int32()).data[0],
    time: makeData({ type: new TimestampMicrosecond('UTC'), data: stamps, length: rows.length }),
    value: vectorFromArray(rows.map((row) => row[2]), new Float64()).data[0],
    text: vectorFromArray(rows.map((row) => row[3]), new Utf8()).data[0],
    quality: vectorFromArray(rows.map((row) => row[4]), new Int32()).data[0],
  }
  const fields = Object.entries(columns).map(([name, data]) => new Field(name, data!.type, true))
  const schema = new Schema(fields, new Map([['series', JSON.stringify(heads)]]))
  const data = makeData({ type: new Struct(fields), length: rows.length, children: Object.values(columns).map((c) => c!) })
  return tableToIPC(new Table(schema, [new RecordBatch(schema, data)]), 'stream')
}

describe('decoding', () => {
  it('cuts the table by series and keeps microseconds', () => {
    const raw = stream([[0, 1_700_000_000_123_456n, 1.5, null, 0], [0, 1_700_000_001_000_000n, null, null, 0x8031], [1, 1_700_000_000_500_000n, 7, null, 0]], [head('a.b'), head('a.c')])
    const [first, second] = decodeSeries(raw)
    expect(first?.t[0]).toBeCloseTo(1_700_000_000.123456, 6)
    expect([...(first?.y ?? [])]).toEqual([1.5, Number.NaN])
    expect(first?.q[1]).toBe(0x8031)
    expect([...(second?.y ?? [])]).toEqual([7])
  })
  it('gives an empty trace to a point without rows', () => {
    const [, empty] = decodeSeries(stream([[0, 1n, 1, null, 0]], [head('a.b'), head('a.c')]))
    expect(empty?.t.length).toBe(0)
  })
  it('numbers the words of a text point', () => {
    const [found] = decodeSeries(stream([[0, 1n, null, 'idle', 0], [0, 2n, null, 'run', 0], [0, 3n, null, 'idle', 0]], [head('a.b', { kind: 'text' })]))
    expect(found?.words).toEqual(['idle', 'run'])
    expect([...(found?.y ?? [])]).toEqual([0, 1, 0])
  })
})

describe('reading', () => {
  it('interpolates a level, holds a switch, reads nothing in a gap', () => {
    const level = trace([0, 10, 20, 30], [0, 10, null, 5], [0, 0, 0x8031, 0])
    expect(valueAt(level, 5)).toBe(5)
    expect(valueAt(level, 15)).toBe(10)
    expect(valueAt(level, 25)).toBeNull()
    expect(valueAt(level, -1)).toBeNull()
    expect(valueAt(trace([0, 10], [0, 1], [0, 0], { kind: 'state' }), 9)).toBe(0)
  })
  it('grows by newer samples only', () => {
    const grown = withTail(trace([1, 2], [1, 2]), [{ time_us: 1.5e6, value: 9, quality: 0 }, { time_us: 3e6, value: null, quality: 0x8031 }])
    expect([...grown.t]).toEqual([1, 2, 3])
    expect(grown.q[2]).toBe(0x8031)
  })
})

describe('shaping', () => {
  it('joins on one ascending x: null is a gap, undefined another point has the sample', () => {
    const { data } = shape([trace([1, 3], [10, null]), trace([2, 3], [20, 30])], 0, 4, 100)
    expect(data[0]).toEqual([1, 2, 3])
    expect(data[1]).toEqual([10, undefined, null])
    expect(data[2]).toEqual([undefined, 20, 30])
  })
  it('turns M4 samples into low, high and middle per pixel column', () => {
    const { data, columns } = shape([trace([0, 0.2, 0.4, 0.6, 1, 1.5], [1, 5, -3, 1, 2, 4], [0, 0, 0, 0, 0, 0], { downsampled: true })], 0, 10, 10)
    expect(columns.map((column) => column.role)).toEqual(['low', 'high', 'line'])
    expect(data[0]).toEqual([0.5, 1.5])
    expect(data[1]).toEqual([-3, 2])
    expect(data[2]).toEqual([5, 4])
    expect(data[3]).toEqual([1, 3])
  })
  it('draws uncertain samples in a column of their own without tearing the line', () => {
    const { data, columns } = shape([trace([1, 2, 3, 4], [1, 2, 3, 4], [0, 0x4093, 0x4093, 0])], 0, 5, 100)
    expect(columns.map((column) => column.role)).toEqual(['line', 'uncertain'])
    expect(data[1]).toEqual([1, 2, null, 4])
    expect(data[2]).toEqual([null, 2, 3, 4])
  })
  it('does not thin states', () => {
    expect(shape([trace([1, 2], [0, 1], [0, 0], { kind: 'state', downsampled: true })], 0, 5, 10).columns).toEqual([{ trace: 0, role: 'line' }])
  })
  it('hatches from the first bad sample to the next good one, or to the end', () => {
    expect(badIntervals(trace([1, 2, 3, 4], [1, null, 3, null], [0, 0x8031, 0, 0x8031]), 9)).toEqual([{ from: 2, to: 3 }, { from: 4, to: 9 }])
  })
  it('pads a constant', () => {
    expect(padded(5, 5)).toEqual([4.75, 5.25])
    expect(padded(0, 0)).toEqual([-1, 1])
  })
})

describe('what holds', () => {
  const state = { kind: 'state' as const }
  it('holds to the end of the window', () => {
    const { data } = shape([trace([10, 20], [0, 1], [0, 0], state)], 0, 30, 100)
    expect(data).toEqual([[10, 20, 30], [0, 1, 1]])
  })
  it('but not after a bad value, and not into the future', () => {
    expect(shape([trace([10, 20], [0, 1], [0, 0x8000], state)], 0, 30, 100).data[0]).toEqual([10, 20])
    const now = Date.now() / 1000
    const { data } = shape([trace([now - 10], [1], [0], state)], now - 20, now + 1000, 100)
    expect(data[0][1]).toBeLessThan(now + 5)
  })
})
