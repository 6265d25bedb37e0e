import { describe, expect, it } from 'vitest'
import type { ScreenItem } from '../src/core/screens'
import { aligned, around, bent, edited, flipped, freshId, grouped, moved, ordered, pasted, resized, snappedBy, spread, turned, withGroups, within } from '../src/pages/screens/editor/arrange'
import { jointAt, jointsOf, piped } from '../src/pages/screens/editor/follow'
import { freePlace, laid } from '../src/pages/screens/editor/fresh'
import { type Pressed, pressed } from '../src/pages/screens/editor/keys'
import { mended } from '../src/pages/screens/editor/FoundFaults'
import { named, photoScreen, pin } from '../src/pages/screens/editor/pins'
import { fitted } from '../src/pages/screens/editor/shrink'
import type { Editing } from '../src/pages/screens/editor/useEditing'
import { freeName, mayBeCalled, renamed, usersOf, withVariable } from '../src/pages/screens/editor/variables'
import { begun, changed, redone, undone } from '../src/pages/screens/editor/history'

const pump = (id: string, x: number, y: number, more: Partial<ScreenItem> = {}): ScreenItem => ({ id, is: 'pump', at: [x, y, 64, 64], ...more })
const p1 = pump('p1', 0, 0)
const p2 = pump('p2', 200, 80)
const joint = (item: ScreenItem, port: string) => jointsOf(item).find((one) => one.port === port) as ReturnType<typeof jointsOf>[number]
const pipe: ScreenItem = { id: 'pipe1', is: 'pipe', path: piped(joint(p1, 'out'), joint(p2, 'in')) }
const all = [p1, p2, pipe]
const pathOf = (items: readonly ScreenItem[], id = 'pipe1') => items.find((item) => item.id === id)?.path
const only = (...ids: string[]) => new Set(ids)

describe('pipes', () => {
  it('begin and end at ports, and follow what bears them', () => {
    expect(pipe.path).toEqual([[64, 32], [132, 32], [132, 112], [200, 112]])
    expect(pathOf(moved(all, only('p2'), 40, -80))).toEqual([[64, 32], [240, 32]])
    expect(pathOf(moved(all, only('p1', 'p2'), 8, 8))).toEqual([[72, 40], [140, 40], [140, 120], [208, 120]])
    expect(pathOf(turned(all, only('p2')))?.at(-1)).toEqual([232, 80])
    expect(pathOf(resized(all, 'p2', [1, 1], 0, 64))?.at(-1)).toEqual([200, 144])
    expect(jointAt(all, [199, 113])?.id).toBe('p2')
  })
  it('follow what is mirrored, however it is turned', () => {
    const sides = (item: ScreenItem) => Object.fromEntries(jointsOf(item).map(({ port, x, y, side }) => [port, [x, y, side]]))
    const [across] = flipped([p1], only('p1'), 'across')
    expect([across?.flip, across?.turn]).toEqual([true, undefined])
    expect(sides(across as ScreenItem)).toMatchObject({ in: [64, 32, 'right'], out: [0, 32, 'left'], top: [32, 0, 'top'] })
    const [down] = flipped([{ ...p1, turn: 90 }], only('p1'), 'down') // its inlet is above, then below
    expect([down?.flip, down?.turn, sides(down as ScreenItem).in]).toEqual([true, 90, [32, 64, 'bottom']])
    const twice = flipped(flipped(all, only('p1'), 'down'), only('p1'), 'down')
    expect(twice[0]).toEqual(p1)
    expect(pathOf(flipped(all, only('p2'), 'across'))?.at(-1)).toEqual([264, 112])
  })
  it('that somebody shaped keep their form', () => {
    const shaped: ScreenItem = { ...pipe, path: [[64, 32], [160, 32], [160, 112], [200, 112]] }
    expect(pathOf(moved([p1, p2, shaped], only('p2'), 40, 16))).toEqual([[64, 32], [160, 32], [160, 128], [240, 128]])
    expect(pathOf(moved([p1, p2, shaped], only('p1'), 8, 8))).toEqual([[72, 40], [160, 40], [160, 112], [200, 112]])
  })
  it('are bent at right angles, their ends stay', () => {
    expect(pathOf(bent(all, 'pipe1', 1, 30, 30))).toEqual([[64, 32], [160, 32], [160, 112], [200, 112]])
    const long: ScreenItem = { id: 'l', is: 'pipe', path: [[0, 0], [40, 0], [40, 40], [80, 40], [80, 80]] }
    expect(pathOf(bent([long], 'l', 2, 8, 16), 'l')).toEqual([[0, 0], [48, 0], [48, 56], [80, 56], [80, 80]])
  })
  it('moved by themselves leave their ports, and do not come back', () => {
    const away = moved(all, only('pipe1'), 0, 8)
    expect(pathOf(away)?.[0]).toEqual([64, 40])
    expect(pathOf(moved(away, only('p1'), 80, 0))).toEqual(pathOf(away))
  })
})

describe('items', () => {
  it('are moved by the grid', () => {
    const off = pump('p', 3, 5)
    expect(snappedBy([off], only('p'), 10, 10)).toEqual([13, 11])
    expect(moved([off], only('p'), ...snappedBy([off], only('p'), 10, 10))[0]?.at?.slice(0, 2)).toEqual([16, 16])
  })
  it('keep the corner opposite to the one that is pulled, turned too', () => {
    expect(resized([p1], 'p1', [-1, -1], -16, -8)[0]?.at).toEqual([-16, -8, 80, 72])
    const lying: ScreenItem = { id: 'c', is: 'conveyor', at: [0, 0, 80, 16], turn: 90 }
    expect(around(lying)).toEqual({ x: 32, y: -32, w: 16, h: 80 })
    expect(around(resized([lying], 'c', [1, 1], 0, 16)[0] as ScreenItem)).toEqual({ x: 32, y: -32, w: 16, h: 96 })
    expect(resized([p1], 'p1', [1, 1], -500, 0)[0]?.at?.[2]).toBe(8)
  })
  it('are aligned and spread', () => {
    const three = [pump('a', 0, 0), pump('b', 100, 30), pump('c', 300, 60)]
    expect(aligned(three, only('a', 'b', 'c'), 'middle').map((item) => item.at?.[1])).toEqual([30, 30, 30])
    expect(aligned(three, only('a', 'b'), 'right').map((item) => item.at?.[0])).toEqual([100, 100, 300])
    expect(spread(three, only('a', 'b', 'c'), 'across').map((item) => item.at?.[0])).toEqual([0, 150, 300])
  })
  it('are copied under names of their own', () => {
    const made = pasted([pump('pump1', 0, 0, { group: 'g1' })], [pump('pump1', 0, 0, { group: 'g1' }), pump('pump2', 8, 8, { group: 'g1' })])
    expect(made.items.map(({ id, group }) => [id, group])).toEqual([['pump1', 'g1'], ['pump2', 'g2'], ['pump3', 'g2']])
    expect([...made.ids]).toEqual(['pump2', 'pump3'])
    expect(freshId(['pump1', 'pump3'], 'pump')).toBe('pump2')
  })
  it('lie over each other, are chosen by a box, and in groups', () => {
    expect(ordered(all, only('p1'), 'front').map((item) => item.id)).toEqual(['p2', 'pipe1', 'p1'])
    expect([...within(all, { x: -1, y: -1, w: 140, h: 140 })]).toEqual(['p1'])
    const together = grouped(all, only('p1', 'p2'), true)
    expect([...withGroups(together, only('p2'))]).toEqual(['p1', 'p2'])
    expect(grouped(together, only('p1', 'p2'), false)).toEqual(all)
  })
  it('lose what is emptied, and are laid on free places', () => {
    expect(edited([{ ...p1, text: 'x' }], 'p1', { text: '', turn: undefined as unknown as number })[0]).toEqual(p1)
    expect(laid([p1], 'pump', 101, 99)).toEqual({ id: 'pump1', is: 'pump', at: [72, 64, 64, 64] })
    const [x, y] = freePlace([p1], 'pump', [1200, 800])
    expect(x - 32 >= 64 || y - 32 >= 64).toBe(true)
  })
})

describe('history', () => {
  it('goes back and forth, typing is one step', () => {
    let held = changed(changed(changed(begun('a'), 'b'), 'bc', 'text'), 'bcd', 'text')
    expect([held.past, held.now]).toEqual([['a', 'b'], 'bcd'])
    held = undone(undone(held))
    expect([held.now, undone(held).now, redone(held).now, redone(redone(held)).now]).toEqual(['a', 'a', 'b', 'bcd'])
    expect(changed(held, 'z').future).toEqual([])
  })
})

describe('what is chosen on top', () => {
  const screen = { screen: 's', variables: { pump: { type: 'pump' }, line: {} }, items: [{ id: 'v', is: 'value' as const, at: [0, 0, 9, 9] as [number, number, number, number], shows: { value: '${pump}.flow' }, opens: 'asset:${pump}' }] }
  it('is called otherwise in all that speak of it, and stays while something does', () => {
    expect([usersOf(screen, 'pump'), usersOf(screen, 'line'), freeName(screen)]).toEqual([1, 0, 'choice1'])
    expect(['pump', 'Pump', 'asset', 'p2'].map((name) => mayBeCalled(screen, name))).toEqual([false, false, false, true])
    const made = renamed(screen, 'pump', 'p2')
    expect([Object.keys(made.variables ?? {}), made.items?.[0]?.shows, made.items?.[0]?.opens]).toEqual([['p2', 'line'], { value: '${p2}.flow' }, 'asset:${p2}'])
    expect(withVariable(screen, 'line', null).variables).toEqual({ pump: { type: 'pump' } })
    expect(withVariable(screen, 'line', { title: 'Line', type: '', choices: [] }).variables).toEqual({ pump: { type: 'pump' }, line: { title: 'Line' } })
  })
  it('and what is not there is put right at one press', () => {
    const said = { line: 1, message: '', message_zh: '', advice: '', advice_zh: '' }
    const trend: ScreenItem = { id: 't', is: 'trend', at: [0, 0, 9, 9], lines: ['a.b', 'a.flw'] }
    expect(mended([trend], { ...said, item: 't', field: 'lines.1', fix: 'a.flow' })[0]?.lines).toEqual(['a.b', 'a.flow'])
    expect(mended(screen.items, { ...said, item: 'v', field: 'shows.value', fix: '${pump}.temp' })[0]?.shows).toEqual({ value: '${pump}.temp' })
  })
})

describe('keys', () => {
  const press = (key: string, more: Partial<Pressed> = {}) => {
    const did: unknown[] = []
    const edit = { items: all, chosen: only('p1'), picked: [p1], set: (items: unknown) => did.push(items), choose: (ids: Iterable<string>) => did.push([...ids]), undo: () => did.push('undo'), redo: () => did.push('redo'), remove: () => did.push('remove'), copy: () => did.push('copy'), paste: () => did.push('paste') } as unknown as Editing
    return [pressed(edit, { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more }), did] as const
  }
  it('move, turn, take back, copy', () => {
    const [, [right]] = press('ArrowRight') as unknown as [boolean, [ScreenItem[]]]
    expect([right[0]?.at?.[0], pathOf(right)?.[0]]).toEqual([8, [72, 32]])
    const [, [one]] = press('ArrowUp', { shiftKey: true }) as unknown as [boolean, [ScreenItem[]]]
    expect(one[0]?.at?.[1]).toBe(-1)
    expect([press('z', { ctrlKey: true })[1], press('Z', { ctrlKey: true, shiftKey: true })[1], press('Delete')[1], press('x', { metaKey: true })[1], press('Escape')[1]]).toEqual([['undo'], ['redo'], ['remove'], ['copy', 'remove'], [[]]])
    expect([press('q')[0], press('s', { ctrlKey: true })[0], press('ArrowUp', { altKey: true })[0]]).toEqual([false, false, false])
  })
})

describe('photos', () => {
  it('keep their pins on the picture, under a name that is free', () => {
    const flow = { name: 'a.b', title: 'Flow', title_zh: '流量' }
    expect(pin([], [5, 5], [600, 500], flow)).toEqual({ id: 'value1', is: 'value', at: [0, 0, 100, 40], shows: { value: 'a.b' }, text: 'Flow', text_zh: '流量' })
    expect(pin([], [600, 250], [600, 500], { name: 'a.b', title: '' })).toEqual({ id: 'value1', is: 'value', at: [500, 230, 100, 40], shows: { value: 'a.b' } })
    expect([named('泵房 1.motor!', []), named('', ['photo']), named('a'.repeat(80), []).length, named('-', [])]).toEqual(['泵房-1-motor', 'photo-2', 56, 'photo'])
    expect(photoScreen('p', { title: '', title_zh: '泵' }, [10, 20], [])).toEqual({ screen: 'p', title_zh: '泵', size: [10, 20], photo: 'photo.jpg', items: [] })
    expect([fitted(4000, 3000), fitted(300, 200), fitted(3000, 1)]).toEqual([[1920, 1440], [300, 200], [1920, 1]])
  })
})
