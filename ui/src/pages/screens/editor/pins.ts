/** Values pinned on a photo. Pure. */
import type { ScreenItem, ScreenText } from '../../../core/screens'
import { freshId, type Items } from './arrange'

export const PIN_W = 1 / 6 // of the photo's longer side
const FLAT = 0.4 // height of a pin, of its width

export interface Pinned {
  name: string
  title: string
  title_zh?: string
}

/** What of an item says which point it shows, and by which words. */
export const showing = ({ name, title, title_zh }: Pinned): Pick<ScreenItem, 'shows' | 'text' | 'text_zh'> => ({ shows: { value: name }, ...(title ? { text: title } : {}), ...(title_zh ? { text_zh: title_zh } : {}) })

/** A value whose middle is where somebody tapped, wholly on the photo. */
export function pin(items: Items, [x, y]: readonly [number, number], size: readonly [number, number], point: Pinned): ScreenItem {
  const w = Math.round(Math.max(...size) * PIN_W)
  const h = Math.round(w * FLAT)
  const inside = (middle: number, part: number, whole: number) => Math.round(Math.min(Math.max(0, middle - part / 2), Math.max(0, whole - part)))
  return { id: freshId(items.map((item) => item.id), 'value'), is: 'value', at: [inside(x, w, size[0]), inside(y, h, size[1]), w, h], ...showing(point) }
}

/** Names of screens: letters, digits, _ and -, at most 64 of them. */
export function named(wish: string, taken: Iterable<string>): string {
  const clean = wish.normalize('NFC').replace(/[^\p{L}\p{N}_]+/gu, '-').replace(/^-+|-+$/g, '').slice(0, 56).replace(/-+$/, '') || 'photo'
  const held = new Set(taken)
  for (let n = 1; ; n++) {
    const name = n === 1 ? clean : `${clean}-${n}`
    if (!held.has(name)) return name
  }
}

export const PHOTO = 'photo.jpg'

/** The screen that a photo and its values are. */
export function photoScreen(name: string, title: { title?: string; title_zh?: string }, size: readonly [number, number], items: Items): ScreenText {
  const said = Object.fromEntries(Object.entries(title).filter(([, words]) => words))
  return { screen: name, ...said, size: [size[0], size[1]], photo: PHOTO, items: [...items] }
}
