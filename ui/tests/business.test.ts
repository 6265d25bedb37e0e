import { describe, expect, it } from 'vitest'
import { columnsOf, fieldText, recordId, type RecordKind, recordOf } from '../src/core/business'

const KIND = { name: 'order', fields: [{ name: 'due', type: 'time' }, { name: 'quantity', type: 'number' }] } as unknown as RecordKind

describe('records of business systems', () => {
  it('names a record in an address, whatever its key holds', () => {
    const one = { kind: 'stock', source: 'erp', key: 'R1/"L"/原料仓' }
    expect(recordOf(recordId(one))).toEqual(['stock', 'erp', 'R1/"L"/原料仓'])
    expect(recordOf('')).toBeNull()
    expect(recordOf('["a"]')).toBeNull()
  })
  it('turns rows of a table into columns, an empty cell into no value', () => {
    expect(columnsOf([['单号', ' 数量 ', ''], ['M1', '3', 'x'], ['M2', '']])).toEqual({ 单号: ['M1', 'M2'], 数量: ['3', null] })
  })
  it('writes times as times and numbers as numbers', () => {
    expect(fieldText(KIND, 'due', 1_763_596_800_000_000, 0)).toMatch(/^2025-11-\d\d \d\d:\d\d:\d\d$/)
    expect(fieldText(KIND, 'quantity', 1200.5, 0).replace(/\D/g, '')).toBe('12005')
    expect(fieldText(KIND, 'quantity', null, 0)).toBe('')
  })
})
