import { describe, expect, it } from 'vitest'
import { clock, durationSeconds, fixedRange, isLive, panned, resolve, spanParts, timeUs, zoomed } from '../src/core/time'

const NOW = Date.UTC(2026, 2, 8, 6, 0, 0) * 1000

describe('durations and times', () => {
  it('reads what the server reads', () => {
    expect(durationSeconds('250ms')).toBe(0.25)
    expect(durationSeconds('5min')).toBe(300)
    expect(durationSeconds('30d')).toBe(2_592_000)
    expect(durationSeconds('1y')).toBe(31_536_000)
    expect(durationSeconds('5 minutes')).toBeNull()
  })
  it('reads now, relative, ISO and microseconds', () => {
    expect(timeUs('now', NOW)).toBe(NOW)
    expect(timeUs('-1h', NOW)).toBe(NOW - 3_600e6)
    expect(timeUs('2026-03-08T05:00:00Z', NOW)).toBe(NOW - 3_600e6)
    expect(timeUs(String(NOW), 0)).toBe(NOW)
    expect(timeUs('yesterday', NOW)).toBeNaN()
  })
  it('knows a moving range from a fixed one', () => {
    expect(isLive({ start: '-1h', end: 'now' })).toBe(true)
    expect(isLive(fixedRange(1, 2))).toBe(false)
  })
  it('zooms about a moment that stays where it is', () => {
    const range = zoomed(NOW - 100e6, NOW, NOW - 25e6, 0.5)
    const { startUs, endUs } = resolve(range, NOW)
    expect(endUs - startUs).toBe(50e6)
    expect((NOW - 25e6 - startUs) / (endUs - startUs)).toBeCloseTo(0.75)
  })
  it('never zooms closer than a millisecond', () => {
    const { startUs, endUs } = resolve(zoomed(NOW, NOW + 2000, NOW, 1e-9), NOW)
    expect(endUs - startUs).toBe(1000)
  })
  it('pans by parts of the span', () => {
    expect(resolve(panned(NOW, NOW + 10e6, -0.5), NOW)).toEqual({ startUs: NOW - 5e6, endUs: NOW + 5e6 })
  })
  it('names spans by the unit that fits', () => {
    expect(spanParts(3600)).toEqual({ n: 1, unit: 'h' })
    expect(spanParts(90)).toEqual({ n: 1.5, unit: 'min' })
    expect(spanParts(2_592_000)).toEqual({ n: 30, unit: 'd' })
  })
  it('leaves the date out today', () => {
    expect(clock(NOW, NOW / 1000)).toMatch(/^\d\d:\d\d:\d\d$/)
    expect(clock(NOW - 2 * 86400e6, NOW / 1000, { ms: true })).toMatch(/^2026-03-0\d \d\d:\d\d:\d\d\.000$/)
  })
})
