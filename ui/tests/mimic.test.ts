import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { type SymbolName, SYMBOLS } from '../src/core/screens'
import { MimicSymbol } from '../src/mimic/MimicSymbol'
import { flowOf, Pipe } from '../src/mimic/Pipe'
import { boundsOf, portOf } from '../src/mimic/ports'
import { arrows, route, squared, tidy } from '../src/mimic/routing'
import { type Look, lookOf, PLAIN, sameLook, type SymbolState, toldOf } from '../src/mimic/state'
import { KINDS } from '../src/mimic/symbols'
import { whyOf } from '../src/mimic/Warn'

const good = (value: number) => ({ value, quality: 0 })
const drawn = (symbol: SymbolName, look: Partial<Look> = {}) => renderToStaticMarkup(createElement(MimicSymbol, { symbol, w: KINDS[symbol].size[0], h: KINDS[symbol].size[1], look: { ...PLAIN, ...look } }))

describe('a look', () => {
  it('is made of slots; what nothing says is not known', () => {
    expect(lookOf({})).toEqual(PLAIN)
    expect(lookOf({ running: good(1), level: good(25), set_point: good(50) })).toMatchObject({ running: true, level: 0.25, wanted: 0.5, fault: false, condition: 'good' })
    expect(lookOf({ running: good(3) }, { when: { running: [2] } }).running).toBe(false)
    expect(lookOf({ level: good(3) }, { limits: { min: 1, max: 5 } }).level).toBe(0.5)
  })
  it('of a valve is a switch or a position', () => {
    expect([lookOf({ open: good(1) }).open, lookOf({ open: good(0), value: good(40) }).open, lookOf({ value: good(40) }).open]).toEqual([1, 0, 0.4])
  })
  it('trusts nothing bad: neither running nor stopped, and the worst slot counts', () => {
    const state: SymbolState = { running: { value: 1, quality: 0x8031 }, speed: { value: 2, quality: 0x4000 } }
    expect(lookOf(state)).toMatchObject({ running: null, speed: 2, condition: 'bad' })
    expect(lookOf({ running: null }).condition).toBe('waiting')
    expect(lookOf({ running: { ...good(1), stale: true }, fault: { value: 0, quality: 0x4000 } })).toMatchObject({ running: true, condition: 'stale' })
  })
  it('is judged by its limits, and said worst first', () => {
    const look = lookOf({ level: good(4), running: good(1), fault: good(1) }, { limits: { low_low: 5 } })
    expect([look.judged, whyOf(look), whyOf({ ...look, fault: false }), whyOf(PLAIN)]).toEqual(['wrong', 'fault', 'wrong', null])
    expect(toldOf(look, ['running', 'level'])).toEqual(['fault', 'wrong', 'running'])
  })
  it('is the same when nobody would see the difference', () => {
    const look = lookOf({ level: good(50), speed: good(1000) })
    expect(sameLook(look, lookOf({ level: good(50.05), speed: good(1010) }))).toBe(true)
    expect([lookOf({ level: good(51), speed: good(1) }), lookOf({ level: good(50), speed: good(0) }), { ...look, running: true }].map((other) => sameLook(look, other))).toEqual([false, false, false])
  })
})

describe('symbols', () => {
  it('are all drawn, resting, running and unknown, without a broken number', () => {
    for (const symbol of SYMBOLS) {
      const forms = [drawn(symbol), drawn(symbol, { running: true, open: 1, level: 0.6, text: '12.5' }), drawn(symbol, { running: false, open: 0, level: 0.1, text: '0' })]
      for (const form of forms) expect([symbol, /NaN|undefined|Infinity/.test(form)]).toEqual([symbol, false])
      const { slots, ports } = KINDS[symbol]
      if (slots.some((slot) => ['running', 'open', 'level', 'value'].includes(slot))) expect([symbol, new Set(forms).size]).toEqual([symbol, 3])
      expect(new Set(ports.map((port) => port.name)).size).toBe(ports.length)
    }
  })
  it('tell what is wrong by form: hatched, framed, marked', () => {
    expect(drawn('pump')).not.toMatch(/sym-hatch|sym-frame|sym-warn/)
    expect(drawn('pump', { condition: 'bad' })).toMatch(/sym-hatch.*sym-warn is-bad/)
    expect(drawn('tank', { judged: 'wrong', level: 0.9 })).toMatch(/sym-frame.*sym-level is-wrong.*sym-warn is-wrong/)
    expect(drawn('tank', { judged: 'look' })).toMatch(/is-look/)
  })
  it('have a name for who cannot see them', () => {
    const text = renderToStaticMarkup(createElement('svg', null, createElement(MimicSymbol, { symbol: 'pump', w: 10, h: 10, look: PLAIN, label: 'P1: stopped' })))
    expect(text).toMatch(/role="img" aria-label="P1: stopped"><title>P1: stopped/)
  })
})

describe('ports and pipes', () => {
  const box = { x: 100, y: 100, w: 64, h: 32 }
  const out = { name: 'out', x: 1, y: 0.5, side: 'right' as const }
  it('turn with their symbol', () => {
    expect(portOf(box, out)).toEqual({ x: 164, y: 116, side: 'right' })
    expect(portOf({ ...box, turn: 90 }, out)).toEqual({ x: 132, y: 148, side: 'bottom' })
    expect(portOf({ ...box, turn: 270 }, out)).toEqual({ x: 132, y: 84, side: 'top' })
    expect(boundsOf({ ...box, turn: 90 })).toEqual({ x: 116, y: 84, w: 32, h: 64 })
  })
  it('are joined by right angles, leaving straight', () => {
    expect(route({ x: 0, y: 0, side: 'right' }, { x: 100, y: 0, side: 'left' })).toEqual([[0, 0], [100, 0]])
    expect(route({ x: 0, y: 0, side: 'right' }, { x: 100, y: 40, side: 'left' })).toEqual([[0, 0], [50, 0], [50, 40], [100, 40]])
    expect(route({ x: 0, y: 0, side: 'right' }, { x: 100, y: 40, side: 'top' })).toEqual([[0, 0], [100, 0], [100, 40]])
    const back = route({ x: 100, y: 0, side: 'right' }, { x: 0, y: 80, side: 'left' })
    expect([back[0], back[1], back.at(-2), back.at(-1)]).toEqual([[100, 0], [116, 0], [-16, 80], [0, 80]])
    for (const path of [back, route({ x: 0, y: 0, side: 'top' }, { x: 30, y: 90, side: 'left' }), squared([[0, 0], [10, 20], [50, 70]])])
      for (const [i, [x, y]] of path.slice(1).entries()) expect(x === path[i]?.[0] || y === path[i]?.[1]).toBe(true)
    expect(tidy([[0, 0], [5, 0], [5, 0], [9, 0], [9, 3]])).toEqual([[0, 0], [9, 0], [9, 3]])
  })
  it('show by arrows what flows, and whither', () => {
    expect(arrows([[0, 0], [0, 10], [240, 10]]).map(({ turn }) => turn)).toEqual([0, 0])
    expect([flowOf(PLAIN), flowOf({ ...PLAIN, running: true }), flowOf({ ...PLAIN, speed: -2 }), flowOf({ ...PLAIN, speed: 2, running: false })]).toEqual([null, 1, -1, 0])
    const text = (look: Partial<Look>) => renderToStaticMarkup(createElement(Pipe, { path: [[0, 0], [100, 0]], look: { ...PLAIN, ...look } }))
    expect([/pipe-tip/.test(text({ running: true })), /pipe-tip/.test(text({ running: false }))]).toEqual([true, false])
  })
})
