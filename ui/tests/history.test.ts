import { expect, test } from 'vitest'
import { daysGoing } from '../src/core/history'

test('what has to be confirmed is the most days of anything', () => {
  const stock = { first_day: null, last_day: null, days: 2, rows: 9, bytes: 9, minute_rollups: 5, hour_rollups: 0 }
  expect(daysGoing(stock)).toBe(5)
  expect(daysGoing({ ...stock, minute_rollups: 0 })).toBe(2)
})
