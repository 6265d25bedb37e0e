import { describe, expect, it } from 'vitest'
import { pairs, ticks } from '../src/core/scatter'
import { ghostOf, type Trace } from '../src/core/series'
import { fullTitle, spoken } from '../src/core/spoken'

const trace = (name: string, t: number[], y: number[], downsampled = false, q: number[] = []): Trace => ({
  head: { name, number: '1', unit: 'bar', kind: 'gauge', rows: t.length, downsampled },
  t: Float64Array.from(t),
  y: Float64Array.from(y),
  q: Int32Array.from(t.map((_, i) => q[i] ?? 0)),
  words: null,
})

describe('pairs', () => {
  it('reads y between its samples at the times of x, and leaves out what is bad', () => {
    const x = trace('a.x', [0, 10, 20, 30], [1, 2, 3, 4], false, [0, 0, 0x8000])
    const y = trace('a.y', [0, 20, 30], [0, 40, 50])
    expect(pairs(x, y, 0, 30, 100)).toEqual({ x: [1, 2, 4], y: [0, 20, 50], t: [0, 10, 30] })
  })

  it('takes one pair a column of thinned traces', () => {
    const t = Array.from({ length: 400 }, (_, i) => i)
    const found = pairs(trace('a.x', t, t, true), trace('a.y', t, t.map((n) => 2 * n)), 0, 400, 40)
    expect(found.t).toHaveLength(40)
    expect(found.x[0]).toBeCloseTo(4.5, 6)
    found.x.forEach((x, i) => expect(found.y[i]).toBeCloseTo(2 * x, 6))
  })
})

it('ticks are round and inside', () => {
  expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10])
  expect(ticks(0.11, 0.52, 4)).toEqual([0.2, 0.4])
  expect(ticks(3, 3, 5)).toEqual([3])
})

it('a ghost lies later by the distance and says so', () => {
  const ghost = ghostOf(trace('a.x', [0, 10], [1, 2]), 3600, '−1h')
  expect([...ghost.t]).toEqual([3600, 3610])
  expect([ghost.head.name, ghost.ghost]).toEqual(['a.x −1h', true])
})

describe('names in two languages', () => {
  const point = { name: 'pump2.flow', title: 'Flow', title_zh: '流量', asset_title: 'Pump 2', asset_title_zh: '泵2', states: { '0': 'off', '1': 'on' }, states_zh: { '0': '停' } }
  it('are said in the one asked for, the other standing in', () => {
    expect(fullTitle('en', point)).toBe('Pump 2 · Flow')
    expect(fullTitle('zh', point)).toBe('泵2 · 流量')
    expect(spoken('zh', point).states).toEqual({ '0': '停', '1': 'on' })
    expect(spoken('en', { title: '', title_zh: '流量' }).title).toBe('流量')
  })
  it('fall back to the name', () => {
    expect(fullTitle('zh', { name: 'a.b' })).toBe('a.b')
    expect(fullTitle('zh', { name: 'line1.a.b', title: 'B' })).toBe('line1.a · B')
  })
})
