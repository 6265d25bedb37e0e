/** Overviews: a cell for each asset, the worst first, as many side by side as there is room for. Pure. */
import type { Sample } from '../../core/live'
import { type Chosen, judged, referencesOf, resolved, type ScreenItem, type ScreenText, type Slot } from '../../core/screens'
import { conditionOf, lookOf, type SymbolState } from '../../mimic/state'
import { isSymbol } from '../../mimic/symbols'

// As registry/faceplates.py lays them.
const WIDE = 232
const HIGH = 128
const MARGIN = 20

/** What a cell says, the worst first. */
export const STATES = ['wrong', 'bad', 'look', 'stale', 'uncertain', 'waiting', 'normal'] as const
export type CellState = (typeof STATES)[number]

export interface Cell {
  asset: string
  title: string
  title_zh: string
  items: readonly ScreenItem[]
}

/** Made overviews put every item into the group of its asset. */
export const isOverview = (screen: ScreenText): boolean => Boolean(screen.items?.length) && (screen.items ?? []).every((item) => item.group)

export function cellsOf(screen: ScreenText): Cell[] {
  const cells = new Map<string, ScreenItem[]>()
  for (const item of screen.items ?? []) {
    const held = cells.get(item.group ?? '')
    if (held) held.push(item)
    else cells.set(item.group ?? '', [item])
  }
  return [...cells].map(([asset, items]) => {
    const name = items.find((item) => item.is === 'text')
    return { asset, title: name?.text ?? asset, title_zh: name?.text_zh ?? '', items }
  })
}

export const pointsOfCell = (cell: Cell, chosen: Chosen): string[] => cell.items.flatMap((item) => referencesOf(item).map(([, ref]) => resolved(ref, chosen)))

/** The worst that any of its items says; `latest`: the newest value of a point. */
export function stateOf(cell: Cell, chosen: Chosen, latest: (name: string) => Sample | undefined, online: boolean): CellState {
  let worst: CellState = 'normal'
  const note = (state: CellState) => {
    if (STATES.indexOf(state) < STATES.indexOf(worst)) worst = state
  }
  for (const item of cell.items) {
    const state: SymbolState = {}
    for (const [slot, ref] of Object.entries(item.shows ?? {})) {
      const sample = latest(resolved(ref, chosen))
      const held = sample ? { value: sample.value, quality: sample.quality, stale: !online } : null
      const condition = conditionOf(held)
      if (condition !== 'good') note(condition)
      else if (!isSymbol(item.is)) note(judged(item.limits, held?.value))
      state[slot as Slot] = held
    }
    if (!isSymbol(item.is)) continue
    const look = lookOf(state, item)
    note(look.fault ? 'wrong' : look.judged)
  }
  return worst
}

/** The worst first, then by name. */
export function ranked(cells: readonly Cell[], states: ReadonlyMap<string, CellState>, nameOf: (cell: Cell) => string, language: string): Cell[] {
  const order = new Intl.Collator(language, { numeric: true })
  const rank = (cell: Cell) => STATES.indexOf(states.get(cell.asset) ?? 'normal')
  return [...cells].sort((a, b) => rank(a) - rank(b) || order.compare(nameOf(a), nameOf(b)))
}

/** The cells in this order on a sheet as wide as its place (CSS pixels). */
export function arranged(screen: ScreenText, cells: readonly Cell[], width: number): ScreenText {
  const across = Math.max(1, Math.min(cells.length, Math.floor((width - 2 * MARGIN) / WIDE)))
  const items = cells.flatMap((cell, number) => {
    const at = cell.items.flatMap((item) => (item.at ? [item.at] : []))
    const dx = MARGIN + (number % across) * WIDE - Math.min(...at.map(([x]) => x))
    const dy = MARGIN + Math.floor(number / across) * HIGH - Math.min(...at.map(([, y]) => y))
    return cell.items.map((item): ScreenItem => (item.at && (dx || dy) ? { ...item, at: [item.at[0] + dx, item.at[1] + dy, item.at[2], item.at[3]] } : item))
  })
  return { ...screen, size: [2 * MARGIN + across * WIDE, 2 * MARGIN + Math.ceil(cells.length / across) * HIGH - 24], items }
}
