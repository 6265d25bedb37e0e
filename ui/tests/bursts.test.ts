import { describe, expect, it } from 'vitest'
import { type BurstRow, harmonics, nearest, order, positive, shades } from '../src/core/bursts'

const row = (spectrum: number[]) => ({ spectrum }) as BurstRow

describe('spectra', () => {
  it('marks the base and its multiples inside the spectrum', () => {
    expect(harmonics(100, 350)).toEqual([100, 200, 300])
    expect(harmonics(1, 1e6)).toHaveLength(10)
    expect(harmonics(0, 100)).toEqual([])
    expect(harmonics(Number.NaN, 100)).toEqual([])
    expect(harmonics(500, 100)).toEqual([])
  })
  it('tells a frequency as an order of the base', () => {
    expect(order(150, 50)).toBe(3)
    expect(order(150, 0)).toBeNull()
  })
  it('finds the nearest line', () => {
    expect([0, 2.4, 2.6, 99].map((hz) => nearest([0, 1, 2, 3], hz))).toEqual([0, 2, 3, 3])
    expect(nearest([], 1)).toBeLessThanOrEqual(0)
  })
  it('shades by decades below the highest line', () => {
    expect(shades([row([10, 1, 0]), row([0.1, 0.001, 10])], 2)).toEqual([[1, 0.5, 0], [0, 0, 1]])
    expect(shades([row([0, 0])])).toEqual([[0, 0]])
    expect(shades([])).toEqual([])
  })
  it('leaves out what a logarithm cannot show', () => {
    expect(positive([1, 0, -1, null])).toEqual([1, null, null, null])
  })
})
