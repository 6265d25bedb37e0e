import { expect, test } from 'vitest'
import type { WriteRule } from '../src/core/commands'
import { bounds } from '../src/core/writable'

test('a rule is told in one line', () => {
  const rule = (some: Partial<WriteRule>) => some as WriteRule
  expect(bounds(rule({ min: 0, max: 50 }), 'Hz')).toBe('0 … 50 Hz')
  expect(bounds(rule({ min: 0 }), '')).toBe('0 … ∞')
  expect(bounds(rule({}), 'Hz')).toBe('')
})
