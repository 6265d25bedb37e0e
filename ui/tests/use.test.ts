import { describe, expect, it } from 'vitest'
import { amount, billFile, monthBeside, quotaPath, stageOf } from '../src/core/use'

describe('use', () => {
  it('says amounts in their units', () => {
    expect(amount('storage', 1.5e9, 'en')).toBe('1.5 GB')
    expect(amount('query_s', 0.0124, 'en')).toBe('0 s')
    expect(amount('values', 123_456, 'zh')).toBe('12.3 万')
    expect(amount('benefit', null, 'en')).toBe('–')
  })
  it('walks through months', () => {
    expect(monthBeside('2026-12', 1)).toBe('2027-01')
    expect(monthBeside('2026-01', -1)).toBe('2025-12')
  })
  it('knows where a text is written', () => {
    expect(quotaPath('site', 'mould/line1')).toBe('sites/line1')
    expect(quotaPath('region', 'ningbo')).toBe('regions/ningbo')
    expect(quotaPath('platform', '')).toBe('platform')
  })
  it('acts from 80 percent on', () => {
    expect([0.79, 0.8, 1].map(stageOf)).toEqual(['good', 'uncertain', 'bad'])
  })
  it('names a bill to take away', () => {
    expect(billFile('mould', '2026-04', 'xlsx', 'zh')).toContain('/bills/2026-04?')
  })
})
