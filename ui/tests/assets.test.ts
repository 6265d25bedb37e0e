import { describe, expect, it } from 'vitest'
import { type AssetLine, type AssetSpec, fieldOf, lean, propertyOf, reaches, specOf, splitType, validAsset } from '../src/core/assets'
import { NO_WORDS, readCell, rowsOf, soundRows, specsOf, tableOf, writtenCell } from '../src/core/assettable'
import { asYaml } from '../src/core/assettext'
import { type AssetTree, emptyTree, flattened, keyed, opened, shut, unread, withLines } from '../src/core/assettree'
import { csvText, decodedText, parsedCsv, separatorOf } from '../src/core/csv'
import { assetLink, routeOf } from '../src/core/route'
import { tableWords } from '../src/pages/assets/tablewords'

const line = (asset: string, children = 0, parent = ''): AssetLine => ({ asset, parent, level: 'unit', type: '', code: '', title: '', title_zh: '', place: '', state: 'in_service', described: true, retired: false, children, points: 0, properties: {}, relations: {} })

describe('tables as spreadsheets write them', () => {
  it('are cells, whatever is in them', () => {
    expect(parsedCsv('a,b\r\n"x, ""y""","1\n2"\r\n\r\n,\n')).toEqual([['a', 'b'], ['x, "y"', '1\n2']])
    expect(parsedCsv('\ufeffa;b\n1,5;2')).toEqual([['a', 'b'], ['1,5', '2']])
    expect(separatorOf('a\tb,c\td')).toBe('\t')
    expect(parsedCsv('a\n"never closed')).toEqual([['a'], ['never closed']])
    expect(parsedCsv('')).toEqual([])
  })
  it('come back as they were written', () => {
    const rows = [['asset', 'a,b'], ['p"1', 'two\nlines'], [' edge ', '泵']]
    expect(parsedCsv(csvText(rows))).toEqual(rows)
    expect(csvText([['a']]).startsWith('\ufeff')).toBe(true)
  })
  it('are read in the letters they were written in', () => {
    expect(decodedText(new Uint8Array([0xb1, 0xc3, 0x31]))).toEqual({ text: '泵1', encoding: 'gb18030' })
    expect(decodedText(new TextEncoder().encode('泵1'))).toEqual({ text: '泵1', encoding: 'utf-8' })
    expect(decodedText(new Uint8Array([0xff, 0xfe, 0x75, 0x6c])).encoding).toBe('utf-16')
  })
})

describe('a table of assets', () => {
  const csv = 'asset,parent,level,title_zh,power,serial\nhall,,area,一号厂房,,\npump1,hall,,给水泵,5.5,007\nhall.x,/,,,,\n'
  it('says what would be written', () => {
    expect(specsOf(tableOf(parsedCsv(csv)))).toEqual([
      { asset: 'hall', level: 'area', title_zh: '一号厂房' },
      { asset: 'pump1', parent: 'hall', title_zh: '给水泵', properties: { power: 5.5, serial: '007' } },
      { asset: 'hall.x', parent: '' },
    ])
  })
  it('leaves alone what it has no column for, and empties what is empty', () => {
    const held = new Map<string, AssetSpec>([['pump1', { asset: 'pump1', code: 'INV-1', place: 'A', properties: { power: 5, head: 30 } }]])
    expect(specsOf(tableOf([['asset', 'place', 'power'], ['pump1', '', '7']]), held)).toEqual([{ asset: 'pump1', code: 'INV-1', properties: { power: 7, head: 30 } }])
  })
  it('comes back from a spreadsheet as it went', () => {
    const specs: AssetSpec[] = [
      { asset: 'a.b', parent: '', level: 'area', title: '=1+1', properties: { n: -5, serial: '007', on: true, note: "'q", level: 'x' } },
      { asset: 'c', parent: 'a.b', state: 'planned' },
      { asset: 'a.d' },
    ]
    expect(specsOf(tableOf(parsedCsv(csvText(rowsOf(specs)))))).toEqual(specs)
  })
  it('has columns for relations, which replace those of their kind and leave the others', async () => {
    const held = new Map<string, AssetSpec>([['p1', { asset: 'p1', relations: { uses: ['m1'], feeds: ['t9'] } }]])
    const told = tableOf([['asset', '供给', '关系:oils', 'kW'], ['p1', 'tank1; tank2', 'p2', '5']], await tableWords())
    expect(specsOf(told, held)).toEqual([{ asset: 'p1', properties: { kW: 5 }, relations: { uses: ['m1'], feeds: ['tank1', 'tank2'], oils: ['p2'] } }])
    expect(specsOf(tableOf([['asset', 'place'], ['p1', 'A']]), held)).toEqual([{ asset: 'p1', place: 'A' }])
    expect(specOf({ line: { ...line('p1'), relations: {} }, properties: {} })).toEqual({ asset: 'p1' })
    const specs: AssetSpec[] = [{ asset: 'a', relations: { feeds: ['b', 'c'], oils: ['c'] }, properties: { feeds: 'by hand' } }]
    expect(specsOf(tableOf(parsedCsv(csvText(rowsOf(specs)))))).toEqual(specs)
  })
  it('names what is wrong at its row and field', () => {
    const table = tableOf([['asset', 'level', 'state'], ['a b', 'hall', 'gone'], ['ok', '', '']])
    expect(table.findings).toEqual([
      { row: 1, field: 'asset', what: 'name' },
      { row: 1, field: 'level', what: 'level' },
      { row: 1, field: 'state', what: 'state' },
    ])
    expect(soundRows(table)).toMatchObject({ at: [2], table: { rows: [['ok', '', '']] } })
    expect(tableOf([['code'], ['1']]).findings[0]?.what).toBe('head')
    expect(tableOf([['asset', 'x', 'x']]).findings.map((one) => one.what)).toEqual(['twice', 'empty'])
    expect(tableOf([], NO_WORDS).findings[0]?.what).toBe('head')
  })
  it('is understood in Chinese', async () => {
    const words = await tableWords()
    const table = tableOf([['标识', '名称', '层级', '状态', '带变频'], ['pump1', '给水泵', '车间', '在用', '是']], words)
    expect(table.findings).toEqual([])
    expect(specsOf(table)).toEqual([{ asset: 'pump1', title_zh: '给水泵', level: 'area', properties: { 带变频: true } }])
    expect(tableOf([['名称'], ['泵']], words).columns).toEqual(['asset'])
  })
  it('keeps words words', () => {
    for (const value of [5.5, true, '007', '5', 'x', '=a', "'b", ' edge', '']) expect(readCell(writtenCell(value))).toEqual(value === '' ? undefined : value)
    expect([propertyOf('1e5'), propertyOf('12345678901234567'), propertyOf('-0.5')]).toEqual(['1e5', '12345678901234567', -0.5])
  })
})

describe('the tree of the assets', () => {
  const root = withLines(emptyTree, '', 0, [line('hall', 2), line('yard')], 3)
  const open: AssetTree = withLines(opened(root, ['hall']), 'hall', 0, [line('p1', 0, 'hall'), line('p2', 1, 'hall')], 2)
  const seen = (tree: AssetTree) => flattened(tree).map((row) => `${' '.repeat(row.depth)}${row.kind === 'asset' ? row.line.asset : row.kind}`)
  it('shows open branches below, and what there is more', () => {
    expect(seen(root)).toEqual(['hall', 'yard', 'more'])
    expect(seen(open)).toEqual(['hall', ' p1', ' p2', 'yard', 'more'])
    expect(unread(flattened(opened(root, ['hall'])))).toEqual(['hall'])
    expect(seen(shut(open, 'hall'))).toEqual(['hall', 'yard', 'more'])
    expect(seen(withLines(root, '', 2, [line('yard'), line('z')], 3))).toEqual(['hall', 'yard', 'z'])
  })
  it('ends where what was read at two times goes round', () => {
    const round = withLines(opened(open, ['p2', 'hall']), 'p2', 0, [line('hall', 2, 'p2')], 1)
    expect(flattened(round).length).toBeLessThan(12)
  })
  it('is steered by keys', () => {
    const rows = flattened(open)
    expect(keyed(rows, 0, 'ArrowDown')).toEqual({ at: 1 })
    expect(keyed(rows, 0, 'ArrowRight')).toEqual({ at: 1 })
    expect(keyed(rows, 2, 'ArrowRight')).toEqual({ at: 2, open: 'p2' })
    expect(keyed(rows, 2, 'ArrowLeft')).toEqual({ at: 0 })
    expect(keyed(rows, 0, 'ArrowLeft')).toEqual({ at: 0, shut: 'hall' })
    expect(keyed(rows, 1, 'End')).toEqual({ at: 4 })
    expect(keyed(rows, 3, 'Home')).toEqual({ at: 0 })
    expect(keyed(rows, 3, 'x')).toBeNull()
  })
})

describe('an asset', () => {
  it('has a page', () => {
    expect(routeOf('/assets')).toEqual({ page: 'assets', asset: '', tab: '' })
    expect(routeOf(assetLink('泵.1', 'life'))).toEqual({ page: 'assets', asset: '泵.1', tab: 'life' })
  })
  it('is named as the server wants it', () => {
    expect(['pump1', 'a.b', '泵-1'].every(validAsset)).toBe(true)
    for (const name of ['', 'a b', 'a/b', 'a..b', '.a', 'a\u202eb']) expect([name, validAsset(name)]).toEqual([name, false])
  })
  it('is written with what was said of it and no more', () => {
    expect(specOf({ line: { ...line('hall.p', 0, 'hall'), code: 'X' }, properties: {} })).toEqual({ asset: 'hall.p', code: 'X' })
    expect(lean({ asset: 'p', parent: 'hall', title: ' ', level: 'unit' })).toEqual({ asset: 'p', parent: 'hall' })
    expect(asYaml({ asset: 'p1', title: 'A: b', title_zh: '给水泵', properties: { power: 5.5, no: 'yes', 'two words': true } })).toBe('asset: p1\ntitle: "A: b"\ntitle_zh: 给水泵\nproperties:\n  power: 5.5\n  "no": "yes"\n  "two words": true\n')
  })
  it('has a type, perhaps of a version', () => {
    expect([splitType('pump@2'), splitType('pump')]).toEqual([['pump', 2], ['pump', undefined]])
  })
  it('is refused at a field', () => {
    expect(fieldOf({ code: 'config.invalid', title: '', place: 'row 1: code' })).toBe('code')
    expect(fieldOf({ code: 'config.invalid', title: '', place: 'pump1' })).toBe('')
  })
  it('is reached by grants on it, on what it is a part of, and on all', () => {
    const path = ['hall', 'pump1']
    expect(['Asset::"main/hall"', 'Asset::"main/pump1"', 'Tenant::"main"'].every((one) => reaches(one, path, 'main'))).toBe(true)
    expect(['Asset::"main/yard"', 'Asset::"other/hall"', 'Tenant::"other"', 'Point::"main/3"'].some((one) => reaches(one, path, 'main'))).toBe(false)
  })
})
