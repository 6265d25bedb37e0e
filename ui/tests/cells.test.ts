import { describe, expect, it } from 'vitest'
import { arranged, cellsOf, isOverview, ranked, stateOf } from '../src/components/screen/cells'
import type { ScreenText } from '../src/core/screens'

const MADE: ScreenText = {
  screen: 'pump',
  items: ['pump1', 'pump2', 'pump10'].flatMap((asset, n) => [
    { id: `${asset}-name`, is: 'text' as const, at: [20 + n * 232, 20, 212, 22] as [number, number, number, number], text: asset, group: asset },
    { id: asset, is: 'pump' as const, at: [20 + n * 232, 50, 64, 64] as [number, number, number, number], shows: { running: `${asset}.running`, fault: `${asset}.fault` }, group: asset },
    { id: `${asset}-v`, is: 'value' as const, at: [96 + n * 232, 48, 136, 22] as [number, number, number, number], shows: { value: `${asset}.flow` }, limits: { high: 8, high_high: 9 }, group: asset },
  ]),
}

const sample = (value: number, quality = 0) => ({ time_us: 1, value, text: null, quality })
const told = (values: Record<string, [number, number?]>) => (name: string) => (values[name] ? (sample(...values[name]) as never) : (sample(0) as never))

describe('an overview', () => {
  const cells = cellsOf(MADE)
  it('says of each asset the worst that any of its points says', () => {
    expect(isOverview(MADE)).toBe(true)
    const said = (values: Record<string, [number, number?]>, online = true) => cells.map((cell) => stateOf(cell, {}, told(values), online))
    expect(said({})).toEqual(['normal', 'normal', 'normal'])
    expect(said({ 'pump2.flow': [8.5], 'pump10.flow': [9.5] })).toEqual(['normal', 'look', 'wrong'])
    expect(said({ 'pump1.fault': [1], 'pump2.running': [1, 0x8031], 'pump10.flow': [1, 0x4000] })).toEqual(['wrong', 'bad', 'uncertain'])
    expect(said({}, false)).toEqual(['stale', 'stale', 'stale'])
    expect(cells.map((cell) => stateOf(cell, {}, () => undefined, true))).toEqual(['waiting', 'waiting', 'waiting'])
  })
  it('puts the worst first, then names with their numbers in order', () => {
    const order = (states: [string, 'wrong' | 'bad' | 'look'][]) => ranked(cells, new Map(states), (cell) => cell.title, 'en').map((cell) => cell.asset)
    expect(order([])).toEqual(['pump1', 'pump2', 'pump10'])
    expect(order([['pump2', 'look'], ['pump10', 'wrong']])).toEqual(['pump10', 'pump2', 'pump1'])
  })
  it('is as wide as its place, and moves each cell as a whole', () => {
    const narrow = arranged(MADE, [...cells].reverse(), 336)
    expect(narrow.size?.[0]).toBe(272)
    expect(narrow.items?.find((item) => item.id === 'pump10')?.at).toEqual([20, 50, 64, 64])
    expect(narrow.items?.find((item) => item.id === 'pump1-v')?.at).toEqual([96, 48 + 256, 136, 22])
    expect(arranged(MADE, cells, 1400).items).toEqual(MADE.items)
  })
})
