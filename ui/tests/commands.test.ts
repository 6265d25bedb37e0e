import { expect, test } from 'vitest'
import { groupOf, typedValue } from '../src/core/commands'

test('what is typed becomes a number where the point holds numbers', () => {
  expect(typedValue(' 42,5 ', 'setpoint')).toBe(42.5)
  expect(typedValue('fast', 'setpoint')).toBeNull()
  expect(typedValue('', 'text')).toBeNull()
  expect(typedValue('7', 'text')).toBe('7')
  expect(typedValue('on', 'state')).toBe('on')
  expect(typedValue('1', 'state')).toBe(1)
})

test('every state stands under one heading', () => {
  expect(['pending', 'sent', 'unknown'].map((s) => groupOf(s as 'pending'))).toEqual(['waiting', 'waiting', 'waiting'])
  expect(['done', 'rolled_back', 'failed', 'expired'].map((s) => groupOf(s as 'done'))).toEqual(['done', 'done', 'refused', 'refused'])
})
