/** What a new item is like. Pure. */
import { ELEMENTS, type ElementName, type ScreenItem, SYMBOLS, type SymbolName } from '../../../core/screens'
import { isSymbol, KINDS } from '../../../mimic/symbols'
import { freshId, type Items, snapped } from './arrange'

export type What = SymbolName | ElementName

/** What can be laid on a drawing; a pipe is drawn, not laid. */
export const LAID: readonly What[] = [...SYMBOLS, ...ELEMENTS.filter((what) => what !== 'pipe')]

const SIZES: Record<Exclude<ElementName, 'pipe'>, [number, number]> = { text: [160, 24], value: [120, 32], bar: [24, 120], gauge: [120, 120], trend: [320, 160], state: [120, 32], image: [240, 160], link: [160, 32] }

export const sizeOf = (what: What): readonly [number, number] => (isSymbol(what) ? KINDS[what].size : what === 'pipe' ? [0, 0] : SIZES[what])

/** With its middle near `x`, `y`, on the grid. `word`: what a text says at first. */
export function laid(items: Items, what: What, x: number, y: number, word = ''): ScreenItem {
  const [w, h] = sizeOf(what)
  const made: ScreenItem = { id: freshId(items.map((item) => item.id), what), is: what, at: [Math.max(0, snapped(x - w / 2)), Math.max(0, snapped(y - h / 2)), w, h] }
  return what === 'text' || what === 'link' ? { ...made, text: word } : made
}

const GAP = 16

/** A place for what is laid by keyboard: the middle of the sheet, or beside what is there. */
export function freePlace(items: Items, what: What, [width, height]: readonly [number, number]): [number, number] {
  const [w, h] = sizeOf(what)
  const taken = (x: number, y: number) => items.some(({ at }) => at && at[0] < x + w / 2 + GAP && at[0] + at[2] > x - w / 2 - GAP && at[1] < y + h / 2 + GAP && at[1] + at[3] > y - h / 2 - GAP)
  for (let y = h / 2 + 24; y + h / 2 < height; y += 48) for (let x = w / 2 + 24; x + w / 2 < width; x += 48) if (!taken(x, y)) return [x, y]
  return [width / 2, height / 2]
}
