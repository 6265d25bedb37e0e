import { describe, expect, it } from 'vitest'
import { addressRun, flatten, lacking, PAGE, toggled, type Tree, withPage } from '../src/core/browsetree'
import { diffLines, hunks } from '../src/core/diff'
import { type Draft, draftFor, draftsFor, faults, renameAsset, specOf, unique, validName } from '../src/core/naming'
import { changed, defaults, missing, visible } from '../src/core/optionform'
import { deviceLink, routeOf } from '../src/core/route'
import { asCurl, asPython, asSql } from '../src/core/snippets'
import { sqlLines, timeColumn } from '../src/core/sqlchart'
import { added, emptyTrend, MAX_POINTS, parseTrend, removed, trendSearch, withCounted } from '../src/core/trendstate'
import type { Manifest, Node } from '../src/wire/api'

const node = (path: string, more: Partial<Node> = {}): Node => ({ path, title: path, has_children: false, address: path, type: '', unit: '', value: null, quality: 0, time_us: null, writable: false, kind: 'gauge', ...more })

describe('addresses', () => {
  it('name pages and come back', () => {
    expect(routeOf('/')).toEqual({ page: 'overview' })
    expect(routeOf(deviceLink('press-1', 'text'))).toEqual({ page: 'device', device: 'press-1', tab: 'text' })
    expect(routeOf('/points/泵.流量')).toEqual({ page: 'point', point: '泵.流量' })
    expect(routeOf('/connect/add')).toEqual({ page: 'add' })
    expect(routeOf('/nothing')).toEqual({ page: 'missing' })
  })
  it('hold the whole state of a trend', () => {
    const state = { points: ['a.b', '泵1.流量', 'x.a,b&c'], range: { start: '-30d', end: 'now' }, layout: 'stack' as const, view: 'scatter' as const, compare: '7d', scales: { 'm3/h': [0, 80] as [number, number], '[g]': [-1.5, 2] as [number, number] }, episodes: false, hidden: ['a.b'], counted: { 'a.b': 'rate' as const } }
    expect(parseTrend(trendSearch(state))).toEqual(state)
    expect(parseTrend('')).toEqual(emptyTrend)
  })
  it('cut in two mean no page, and take nothing else with them', () => {
    expect(routeOf('/points/%')).toEqual({ page: 'missing' })
    expect(parseTrend('?p=a.b,%E0&y=%E0:0:1,bar:0:1').points).toEqual(['a.b'])
    expect(parseTrend('?p=a.b,%E0&y=%E0:0:1,bar:0:1').scales).toEqual({ bar: [0, 1] })
  })
  it('draw counters as what they counted, until they go', () => {
    const one = withCounted(withCounted(added(emptyTrend, ['a.n', 'b,c.n']), 'a.n', 'rate'), 'b,c.n', 'increase')
    expect(parseTrend(trendSearch(one)).counted).toEqual({ 'a.n': 'rate', 'b,c.n': 'increase' })
    expect(withCounted(one, 'a.n', undefined).counted).toEqual({ 'b,c.n': 'increase' })
    expect(removed(one, 'b,c.n').counted).toEqual({ 'a.n': 'rate' })
  })
  it('bound the number of lines', () => {
    const many = added(emptyTrend, Array.from({ length: 40 }, (_, i) => `a.p${i}`))
    expect(many.points.length).toBe(MAX_POINTS)
    expect(removed(many, 'a.p0').points.includes('a.p0')).toBe(false)
  })
})

describe('copies', () => {
  const now = Date.UTC(2026, 2, 8) * 1000
  it('write Python, curl and SQL that say the same', () => {
    expect(asPython('http://plant', ['pump1.flow'], { start: '-30d', end: 'now' }, now)).toContain('plant.asset("pump1")["flow"].df("30d")')
    expect(asPython('http://plant', ['a.b', 'a.c'], { start: '-1h', end: 'now' }, now)).toContain('plant.df(["a.b", "a.c"], "1h")')
    expect(asCurl('http://plant', ["a.b'c"], { start: '-1h', end: 'now' }, now)).toContain("'points=a.b'\\''c'")
    const sql = asSql(["o'clock.x"], { start: '-5min', end: 'now' }, now)
    expect(sql).toContain("'o''clock.x'")
    expect(sql).toContain("interval '5 minutes'")
  })
})

describe('the browse tree', () => {
  it('holds 50,000 rows and loads only what is seen', () => {
    let tree: Tree = withPage(new Map(), '', 0, [node('big', { has_children: true, address: '' })], 1)
    tree = withPage(tree, 'big', 0, Array.from({ length: PAGE }, (_, i) => node(`t${i}`)), 50_000)
    const rows = flatten(tree)
    expect(rows.length).toBe(50_001)
    expect(lacking(rows, 20_000, 20_030)).toEqual([{ path: 'big', offset: 39 * PAGE }, { path: 'big', offset: 40 * PAGE }])
    expect(lacking(rows, 0, 40)).toEqual([])
    expect(flatten(toggled(tree, 'big')).length).toBe(1)
  })
  it('runs addresses by what their type fills', () => {
    expect(addressRun('holding:12:float32', 3)).toEqual(['holding:12:float32', 'holding:14:float32', 'holding:16:float32'])
    expect(addressRun('40001', 2)).toEqual(['40001', '40002'])
    expect(addressRun('17!coil:7', 2)).toEqual(['17!coil:7', '17!coil:8'])
    expect(addressRun('ns=2;s=a', 3)).toEqual(['ns=2;s=a'])
  })
})

describe('names', () => {
  const draft = (name: string): Draft => ({ key: name, name, address: name })
  it('are proposed from folder and title, or from a dotted title', () => {
    expect(draftFor('ns=2;i=5', node('x', { title: 'Flow rate', unit: 'm3/h' }), ['Plant', 'Pump 1'], 'd').name).toBe('Pump_1.Flow_rate')
    expect(draftFor('a', node('x', { title: 'Line1.Pump1.Flow' }), [], 'd').name).toBe('Line1.Pump1.Flow')
    expect(draftFor('holding:12', null, [], 'press 1').name).toBe('press_1.holding_12')
  })
  it('tells machines apart that are called alike, by as many folders as that takes', () => {
    const take = (address: string, ...folders: string[]) => ({ address, node: node('x', { title: 'Temp' }), folders })
    const names = draftsFor([take('a', 'North', 'Line1', 'M7'), take('b', 'South', 'Line1', 'M7'), take('c', 'North', 'Line1', 'M8'), take('d'), take('e')], 'plc').map((one) => one.name)
    expect(names).toEqual(['North.Line1.M7.Temp', 'South.Line1.M7.Temp', 'M8.Temp', 'plc.Temp', 'plc.Temp'])
    expect(draftsFor([], 'plc')).toEqual([])
  })

  it('are unique, valid, and move together', () => {
    expect(unique([draft('a.b'), { ...draft('a.b'), key: '2' }]).map((d) => d.name)).toEqual(['a.b', 'a.b_2'])
    expect(validName('pump1.flow')).toBe(true)
    expect(validName('泵.流量')).toBe(true)
    expect(validName('pump1')).toBe(false)
    expect(validName('a b.c')).toBe(false)
    expect(renameAsset([draft('x.flow'), draft('x.level')], new Set(['x.flow']), ' line 1.pump ')[0]?.name).toBe('line_1.pump.flow')
  })
  it('say what stops saving', () => {
    const found = faults([draft('a.b'), { ...draft('a.b'), key: 'k' }, draft('bad'), draft('t.t')], new Set(['t.t']))
    expect([...found.values()].sort()).toEqual(['form', 'taken', 'twice', 'twice'])
  })
  it('are saved without defaults', () => {
    expect(specOf({ key: 'k', name: 'a.b', address: '1', kind: 'gauge', unit: '', scale: 1 })).toEqual({ name: 'a.b', address: '1' })
    expect(specOf({ key: 'k', name: 'a.b', address: '1', kind: 'state' })).toMatchObject({ kind: 'state', sloped: false })
  })
})

describe('forms of drivers', () => {
  const words = { en: '', zh: '' }
  const manifest: Manifest = {
    id: 'modbus', title: words, summary: words, standard: '', capabilities: [], tier: 'gold', address_help: words,
    options: [
      { name: 'transport', type: 'choice', label: words, default: 'tcp' },
      { name: 'host', type: 'string', label: words, required: true },
      { name: 'baudrate', type: 'integer', label: words, default: 9600 },
    ],
  }
  it('send only what differs and what is seen', () => {
    const values = { ...defaults(manifest), host: 'plc', baudrate: 19200 }
    expect(changed(manifest, values)).toEqual({ host: 'plc' })
    expect(missing(manifest, defaults(manifest))).toEqual(['host'])
    expect(visible(manifest.options![2]!, { transport: 'serial' })).toBe(true)
    expect(missing(manifest, { transport: 'serial' })).toEqual([])
  })
})

describe('differences', () => {
  it('show what changes with context', () => {
    const lines = diffLines('a\nb\nc\nd\ne', 'a\nb\nX\nd\ne')
    expect(lines.filter((line) => line.kind !== 'same')).toEqual([{ kind: 'removed', text: 'c' }, { kind: 'added', text: 'X' }])
    expect(hunks(lines, 1)).toEqual([null, { kind: 'same', text: 'b' }, { kind: 'removed', text: 'c' }, { kind: 'added', text: 'X' }, { kind: 'same', text: 'd' }, null])
    expect(hunks(diffLines('a', 'a'))).toEqual([null])
  })
})

describe('a result as lines', () => {
  it('splits numbers by the text column and sorts by time', () => {
    const columns = [{ name: 'time', type: 'timestamp[us, tz=UTC]' }, { name: 'name', type: 'string' }, { name: 'mean', type: 'double' }]
    expect(timeColumn(columns)).toBe(0)
    const { lines } = sqlLines({ columns, rows: [['2026-01-01T00:01:00Z', 'a', 2], ['2026-01-01T00:00:00Z', 'a', 1], ['2026-01-01T00:00:00Z', 'b', null]], rows_total: 3, truncated: false, ms: 1 })
    expect(lines.map((line) => [line.name, line.y])).toEqual([['a', [1, 2]], ['b', [null]]])
  })
})
