import { describe, expect, it } from 'vitest'
import { byAsset, chosen, extending, type Gap, lineOf, quantityOf, renamed, rowsOf, type TypeLine, type TypeWhole, validType } from '../src/core/types'
import { routeOf, typeLink } from '../src/core/route'

const line = (type: string, more: Partial<TypeLine> = {}): TypeLine => ({ type, version: 0, extends: '', title: '', title_zh: '', level: null, points: 0, properties: 0, assets: 0, error: '', ...more })
const gap = (asset: string, what: string): Gap => ({ asset, what, message: 'is not given', message_zh: '未填写' })

describe('asset types', () => {
  it('are found by name, title and what they are', () => {
    const lines = [line('pump', { title: 'Pump', title_zh: '泵', assets: 2 }), line('dosing', { version: 3, title_zh: '计量泵', extends: 'pump' })]
    expect(chosen(lines, 'all', '泵').length).toBe(2)
    expect(chosen(lines, 'own', '').map((one) => one.type)).toEqual(['dosing'])
    expect(chosen(lines, 'shipped', '').map((one) => one.type)).toEqual(['pump'])
    expect(chosen(lines, 'unused', 'PUMP').map((one) => one.type)).toEqual(['dosing'])
  })
  it('say what they make, in the reader’s language, and where it came from', () => {
    const made = {
      whole: { type: 'dosing', points: { flow: { unit: 'L/min', title: 'Flow', title_zh: '流量' }, run: { kind: 'state', states: { '0': 'off' }, states_zh: { '0': '停' }, required: false } }, properties: { year: { kind: 'number' } } },
      came: { 'points.flow': 'pump', 'points.run': 'dosing', 'properties.year': 'machine' },
      units: { 'L/min': ['litre per minute', '升每分钟'] },
    } as unknown as TypeWhole
    expect(rowsOf(made, 'points', 'zh')).toEqual([
      { name: 'flow', title: '流量', kind: 'gauge', unit: 'L/min', words: '升每分钟', required: true, from: 'pump', semantic: '', states: [] },
      { name: 'run', title: '', kind: 'state', unit: '', words: '', required: false, from: 'dosing', semantic: '', states: [['0', '停']] },
    ])
    expect(rowsOf(made, 'points', 'en')[1]?.states).toEqual([['0', 'off']])
    expect(rowsOf(made, 'properties', 'en')[0]).toMatchObject({ kind: 'number', required: false, from: 'machine' })
  })
  it('list gaps by asset', () => {
    expect(byAsset([gap('p1', 'points.flow'), gap('p2', 'type'), gap('p1', 'properties.year')]).map(([asset, gaps]) => [asset, gaps.length])).toEqual([['p1', 2], ['p2', 1]])
    expect(['points.flow', 'properties.a.b', 'type'].map(quantityOf)).toEqual(['flow', 'a.b', 'type'])
  })
  it('know the line of a refusal', () => {
    expect(lineOf({ code: 'config.invalid', title: '', fields: { line: 4 } })).toBe(4)
    expect([lineOf(null), lineOf({ code: 'x', title: '' }), lineOf({ code: 'x', title: '', fields: { line: 'a' } })]).toEqual([0, 0, 0])
  })
  it('begin by extending or copying', () => {
    expect(extending('dosing', 'pump')).toMatch(/^type: dosing\nextends: pump\n/)
    expect(extending('one', '')).not.toContain('extends')
    expect(renamed('# a pump\ntype: pump\ntitle: Pump\n', 'mine')).toBe('# a pump\ntype: mine\ntitle: Pump\n')
    expect(renamed('title: Pump\n', 'mine')).toBe('type: mine\ntitle: Pump\n')
    expect(['pump_2', '泵', '-a', 'a b', 'a.b', ''].map(validType)).toEqual([true, true, false, false, false, false])
    expect(routeOf(typeLink('泵'))).toEqual({ page: 'types', type: '泵' })
  })
})
