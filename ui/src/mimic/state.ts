/** What a symbol shows: the values of its slots, told as a few facts that its drawing knows. Pure. */
import { severity } from '../core/quality'
import { type Judged, judged, means, partOf, type ScreenItem, type Slot, SLOTS } from '../core/screens'

export interface SlotValue {
  value: number | null
  /** As it is read: a state's word, a number with its unit. */
  text?: string | null
  quality: number
  /** Nothing has come for too long, or nobody answers. */
  stale?: boolean
}

/** Slots that nothing is bound to are left out; null: bound, and nothing has come yet. */
export type SymbolState = Partial<Record<Slot, SlotValue | null>>

export type Condition = 'good' | 'waiting' | 'uncertain' | 'stale' | 'bad'

export interface Look {
  /** Null: nothing says so. */
  running: boolean | null
  fault: boolean
  /** Part, 0 to 1. */
  open: number | null
  level: number | null
  speed: number | null
  /** Where on the scale of the level the set-point stands. */
  wanted: number | null
  text: string
  condition: Condition
  /** Whether the level or the value is beyond its limits. */
  judged: Judged
}

export const PLAIN: Look = { running: null, fault: false, open: null, level: null, speed: null, wanted: null, text: '', condition: 'good', judged: 'normal' }

const WORST: readonly Condition[] = ['good', 'waiting', 'uncertain', 'stale', 'bad']

export function conditionOf(held: SlotValue | null): Condition {
  if (held === null) return 'waiting'
  const grade = severity(held.quality)
  if (grade === 'bad') return 'bad'
  return held.stale ? 'stale' : grade
}

/** Bad values say nothing: a pump whose link is lost is neither running nor stopped. */
const numberOf = (held: SlotValue | null | undefined): number | null => (held && severity(held.quality) !== 'bad' && held.value !== null && Number.isFinite(held.value) ? held.value : null)

/** `item`: what of a screen's item says how values are understood. */
export function lookOf(state: SymbolState, item: Pick<ScreenItem, 'when' | 'limits'> = {}): Look {
  let condition: Condition = 'good'
  for (const slot of SLOTS) {
    const held = state[slot]
    if (held === undefined) continue
    const its = conditionOf(held)
    if (WORST.indexOf(its) > WORST.indexOf(condition)) condition = its
  }
  const yes = (slot: Slot): boolean | null => {
    const value = numberOf(state[slot])
    return value === null ? null : means(item as ScreenItem, slot, value)
  }
  const switched = yes('open')
  const measured = numberOf(state.level ?? state.value)
  return {
    running: yes('running'),
    fault: yes('fault') === true,
    open: switched === null ? partOf(item.limits, numberOf(state.value)) : Number(switched),
    level: partOf(item.limits, numberOf(state.level)),
    speed: numberOf(state.speed),
    wanted: partOf(item.limits, numberOf(state.set_point)),
    text: state.value?.text ?? '',
    condition,
    judged: judged(item.limits, measured),
  }
}

const HAIR = 200 // a level's smallest difference that anybody sees, as a part of the whole

/** Two looks that draw the same: a level that moves less than a hair is not drawn again. */
export function sameLook(a: Look, b: Look): boolean {
  const near = (x: number | null, y: number | null) => (x === null || y === null ? x === y : Math.round(x * HAIR) === Math.round(y * HAIR))
  const same = a.running === b.running && a.fault === b.fault && a.condition === b.condition && a.text === b.text && a.judged === b.judged
  return same && Math.sign(a.speed ?? 0) === Math.sign(b.speed ?? 0) && near(a.open, b.open) && near(a.level, b.level) && near(a.wanted, b.wanted)
}

export type Told = 'fault' | 'wrong' | 'look' | 'running' | 'stopped' | 'open' | 'shut' | Exclude<Condition, 'good'>

/** The words to say of a look, worst first: for readers of screens, and for the tip. */
export function toldOf(look: Look, slots: readonly Slot[]): Told[] {
  const told: Told[] = []
  if (look.fault) told.push('fault')
  if (look.judged !== 'normal') told.push(look.judged)
  if (look.condition !== 'good') told.push(look.condition)
  if (look.running !== null && slots.includes('running')) told.push(look.running ? 'running' : 'stopped')
  if (look.open !== null && slots.includes('open')) told.push(look.open > 0 ? 'open' : 'shut')
  return told
}
