/** What is done to items on a drawing: each makes a new list and leaves the old one as it is. Pure. */
import type { ScreenItem } from '../../../core/screens'
import { boundsOf } from '../../../mimic/ports'
import { isSymbol } from '../../../mimic/symbols'
import { boxOf, followed } from './follow'

export const GRID = 8
export type Items = readonly ScreenItem[]
export type Ids = ReadonlySet<string>

export interface Box {
  x: number
  y: number
  w: number
  h: number
}

export const snapped = (n: number, grid = GRID): number => Math.round(n / grid) * grid
const tenth = (n: number): number => Math.round(n * 10) / 10

/** The box around one item as it stands on the drawing. */
export function around(item: ScreenItem): Box {
  if (!item.path?.length) return boundsOf(boxOf(item))
  const xs = item.path.map(([x]) => x)
  const ys = item.path.map(([, y]) => y)
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return { x, y, w: Math.max(...xs) - x, h: Math.max(...ys) - y }
}

export function aroundAll(items: Items): Box {
  const boxes = items.map(around)
  const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))]
  return { x, y, w: Math.max(...boxes.map((box) => box.x + box.w)) - x, h: Math.max(...boxes.map((box) => box.y + box.h)) - y }
}

const shifted = (item: ScreenItem, dx: number, dy: number): ScreenItem => ({
  ...item,
  ...(item.at ? { at: [tenth(item.at[0] + dx), tenth(item.at[1] + dy), item.at[2], item.at[3]] } : {}),
  ...(item.path?.length ? { path: item.path.map(([x, y]): [number, number] => [tenth(x + dx), tenth(y + dy)]) } : {}),
})

/** Pipes at their ports follow. */
export function moved(items: Items, ids: Ids, dx: number, dy: number): ScreenItem[] {
  if (!dx && !dy) return [...items]
  const after = items.map((item) => (ids.has(item.id) ? shifted(item, dx, dy) : item))
  return followed(items, after, ids)
}

/** How far to move so that the first of them lands on the grid. */
export function snappedBy(items: Items, ids: Ids, dx: number, dy: number): [number, number] {
  const chosen = items.filter((item) => ids.has(item.id))
  const first = chosen.find((item) => item.at) ?? chosen[0]
  if (!first) return [0, 0]
  const [x, y] = first.at ?? first.path?.[0] ?? [0, 0]
  return [snapped(x + dx) - x, snapped(y + dy) - y]
}

export type Corner = readonly [sx: -1 | 1, sy: -1 | 1]
const LEAST = 8

/** One corner is pulled, the one opposite stays; `dx`, `dy` as the pointer went. */
export function resized(items: Items, id: string, [sx, sy]: Corner, dx: number, dy: number): ScreenItem[] {
  const after = items.map((item) => {
    if (item.id !== id || !item.at) return item
    const [x, y, w, h] = item.at
    const rad = ((item.turn ?? 0) * Math.PI) / 180
    const [cos, sin] = [Math.cos(rad), Math.sin(rad)]
    const wide = Math.max(LEAST, snapped(w + sx * (dx * cos + dy * sin)))
    const high = Math.max(LEAST, snapped(h + sy * (dy * cos - dx * sin)))
    const [lx, ly] = [(sx * (wide - w)) / 2, (sy * (high - h)) / 2]
    const cx = x + w / 2 + lx * cos - ly * sin
    const cy = y + h / 2 + lx * sin + ly * cos
    return { ...item, at: [tenth(cx - wide / 2), tenth(cy - high / 2), wide, high] as [number, number, number, number] }
  })
  return followed(items, after, new Set())
}

export function turned(items: Items, ids: Ids, by = 90): ScreenItem[] {
  const after = items.map((item) => (ids.has(item.id) && item.at ? withTurn(item, ((item.turn ?? 0) + by + 360) % 360) : item))
  return followed(items, after, new Set())
}

export function withTurn(item: ScreenItem, turn: number): ScreenItem {
  const { turn: _, ...rest } = item
  return turn ? { ...rest, turn } : rest
}

/** Symbols as they are seen in a mirror, beside them or below them; each stays in its place. */
export function flipped(items: Items, ids: Ids, way: 'across' | 'down'): ScreenItem[] {
  const after = items.map((item) => {
    if (!ids.has(item.id) || !item.at || !isSymbol(item.is)) return item
    const turn = ((way === 'across' ? 360 : 180) - (item.turn ?? 0) + 360) % 360
    const { flip, ...rest } = withTurn(item, turn)
    return flip ? rest : { ...rest, flip: true }
  })
  return followed(items, after, new Set())
}

/** Change one item's own fields; what is undefined is left out. */
export function edited(items: Items, id: string, change: Partial<ScreenItem>): ScreenItem[] {
  const after = items.map((item) => {
    if (item.id !== id) return item
    const made: Record<string, unknown> = { ...item, ...change }
    for (const [key, value] of Object.entries(made)) if (value === undefined || value === '') delete made[key]
    return made as unknown as ScreenItem
  })
  return followed(items, after, new Set([id]))
}

/** A corner of a pipe is elsewhere: those beside it go along, as far as they are no ends, so that all angles stay right. */
export function bent(items: Items, id: string, at: number, dx: number, dy: number): ScreenItem[] {
  return items.map((item) => {
    const path = item.id === id ? item.path?.map((corner): [number, number] => [...corner]) : undefined
    const here = path?.[at]
    if (!path || !here) return item
    const beside = [at - 1, at + 1].flatMap((n) => (path[n] ? [{ corner: path[n], isEnd: n === 0 || n === path.length - 1, flat: path[n][1] === here[1] }] : []))
    let [x, y] = [snapped(here[0] + dx), snapped(here[1] + dy)]
    for (const { isEnd, flat } of beside) if (isEnd && flat) y = here[1]
      else if (isEnd) x = here[0]
    for (const { corner, isEnd, flat } of beside) if (!isEnd) corner[flat ? 1 : 0] = flat ? y : x
    path[at] = [x, y]
    return { ...item, path }
  })
}

export type Edge = 'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom'

export function aligned(items: Items, ids: Ids, edge: Edge): ScreenItem[] {
  const chosen = items.filter((item) => ids.has(item.id) && item.at)
  if (chosen.length < 2) return [...items]
  const all = aroundAll(chosen)
  const target: Record<Edge, (box: Box) => [number, number]> = {
    left: (box) => [all.x - box.x, 0],
    center: (box) => [all.x + all.w / 2 - box.x - box.w / 2, 0],
    right: (box) => [all.x + all.w - box.x - box.w, 0],
    top: (box) => [0, all.y - box.y],
    middle: (box) => [0, all.y + all.h / 2 - box.y - box.h / 2],
    bottom: (box) => [0, all.y + all.h - box.y - box.h],
  }
  const after = items.map((item) => (ids.has(item.id) && item.at ? shifted(item, ...target[edge](around(item))) : item))
  return followed(items, after, new Set())
}

/** The same gap between each and the next. */
export function spread(items: Items, ids: Ids, way: 'across' | 'down'): ScreenItem[] {
  const chosen = items.filter((item) => ids.has(item.id) && item.at).map((item) => ({ id: item.id, box: around(item) }))
  if (chosen.length < 3) return [...items]
  const [at, size] = way === 'across' ? (['x', 'w'] as const) : (['y', 'h'] as const)
  chosen.sort((a, b) => a.box[at] - b.box[at])
  const all = aroundAll(items.filter((item) => chosen.some((one) => one.id === item.id)))
  const gap = (all[size] - chosen.reduce((sum, { box }) => sum + box[size], 0)) / (chosen.length - 1)
  const by = new Map<string, number>()
  let next = all[at]
  for (const { id, box } of chosen) {
    by.set(id, tenth(next - box[at]))
    next += box[size] + gap
  }
  const after = items.map((item) => (by.has(item.id) ? shifted(item, way === 'across' ? (by.get(item.id) ?? 0) : 0, way === 'down' ? (by.get(item.id) ?? 0) : 0) : item))
  return followed(items, after, new Set())
}

/** Later items lie over earlier ones. */
export function ordered(items: Items, ids: Ids, where: 'front' | 'back'): ScreenItem[] {
  const chosen = items.filter((item) => ids.has(item.id))
  const rest = items.filter((item) => !ids.has(item.id))
  return where === 'front' ? [...rest, ...chosen] : [...chosen, ...rest]
}

export const removed = (items: Items, ids: Ids): ScreenItem[] => items.filter((item) => !ids.has(item.id))

/** `pump` → pump1, pump2 … as nothing else is called. */
export function freshId(taken: Iterable<string>, what: string): string {
  const held = new Set(taken)
  for (let n = 1; ; n++) if (!held.has(`${what}${n}`)) return `${what}${n}`
}

/** Put copies among the items, a little beside where they came from; returns them and their ids. */
export function pasted(items: Items, copies: Items, by = 2 * GRID): { items: ScreenItem[]; ids: Set<string> } {
  const taken = new Set(items.map((item) => item.id))
  const groups = new Map<string, string>()
  const taking = new Set(items.map((item) => item.group).filter((group): group is string => Boolean(group)))
  const made = copies.map((copy) => {
    const id = freshId(taken, copy.id.replace(/\d+$/, '') || copy.is)
    taken.add(id)
    if (copy.group && !groups.has(copy.group)) {
      const group = taking.has(copy.group) ? freshId(taking, copy.group.replace(/\d+$/, '')) : copy.group
      groups.set(copy.group, group)
      taking.add(group)
    }
    return { ...shifted(copy, by, by), id, ...(copy.group ? { group: groups.get(copy.group) ?? '' } : {}) }
  })
  return { items: [...items, ...made], ids: new Set(made.map((item) => item.id)) }
}

/** All that are moved together with these. */
export function withGroups(items: Items, ids: Ids): Set<string> {
  const groups = new Set(items.filter((item) => ids.has(item.id) && item.group).map((item) => item.group))
  return new Set(items.filter((item) => ids.has(item.id) || (item.group && groups.has(item.group))).map((item) => item.id))
}

export function grouped(items: Items, ids: Ids, isOne: boolean): ScreenItem[] {
  const group = isOne ? freshId(items.map((item) => item.group ?? ''), 'group') : ''
  return items.map((item) => {
    if (!ids.has(item.id)) return item
    const { group: _, ...rest } = item
    return group ? { ...rest, group } : rest
  })
}

/** What lies wholly in a box. */
export const within = (items: Items, box: Box): Set<string> =>
  new Set(
    items
      .filter((item) => {
        const one = around(item)
        return one.x >= box.x && one.y >= box.y && one.x + one.w <= box.x + box.w && one.y + one.h <= box.y + box.h
      })
      .map((item) => item.id),
  )
