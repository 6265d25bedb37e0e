import { describe, expect, it } from 'vitest'
import { boxOf, completed, letters, rolesOf, type SheetTable } from '../src/core/sheets'

const table = (findings: { range: string; role: string }[]) => ({ sheet: 'log', range: 'A1:F8', findings }) as unknown as SheetTable

describe('a sheet and what it was taken for', () => {
  it('names columns and reads ranges as a spreadsheet does', () => {
    expect([0, 25, 26, 16_383].map(letters)).toEqual(['A', 'Z', 'AA', 'XFD'])
    expect(boxOf('B2:AA10')).toEqual({ top: 1, left: 1, bottom: 9, right: 26 })
    expect(boxOf('C7')).toEqual({ top: 6, left: 2, bottom: 6, right: 2 })
    expect(boxOf('7C')).toBeNull()
  })

  it('gives a cell the smaller role where a total lies within the data', () => {
    const roleOf = rolesOf([table([{ range: 'A4:F8', role: 'data' }, { range: 'A7:F7', role: 'total' }, { range: 'A2:F3', role: 'header' }])], 'log')
    expect([roleOf(6, 2)?.role, roleOf(4, 0)?.role, roleOf(1, 5)?.role, roleOf(0, 0)]).toEqual(['total', 'data', 'header', null])
    expect(rolesOf([table([{ range: 'A1', role: 'data' }])], 'other')(0, 0)).toBeNull()
  })

  it('fills what the server leaves out of a template', () => {
    const made = completed({ template: 'a', words: ['x'], points: [{ column: 'x', point: 'a.x' } as never] })
    expect([made.time.zone, made.points[0]?.unit, made.episodes, made.decimal]).toEqual(['UTC', '', null, ''])
  })
})
