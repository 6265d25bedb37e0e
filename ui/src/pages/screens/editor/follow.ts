/** Pipes stay at the ports that they begin and end on, when what bears the port is moved. Pure. */
import type { ScreenItem } from '../../../core/screens'
import { type Meet, type Placed, portOf, type Side } from '../../../mimic/ports'
import { route, type Spot, squared, tidy } from '../../../mimic/routing'
import { isSymbol, KINDS } from '../../../mimic/symbols'

const NEAR = 1.5 // drawing units: rounded corners still count as on the port
const tenth = (n: number): number => Math.round(n * 10) / 10

export interface Joint extends Meet {
  id: string
  port: string
}

export const boxOf = (item: ScreenItem): Placed => {
  const [x, y, w, h] = item.at ?? [0, 0, 0, 0]
  return { x, y, w, h, turn: item.turn ?? 0, flip: item.flip ?? false }
}

/** Every place of an item where a pipe can begin or end. */
export function jointsOf(item: ScreenItem): Joint[] {
  if (!isSymbol(item.is) || !item.at) return []
  return KINDS[item.is].ports.map((port) => {
    const meet = portOf(boxOf(item), port)
    return { id: item.id, port: port.name, side: meet.side, x: tenth(meet.x), y: tenth(meet.y) }
  })
}

/** The joint that lies nearest to a spot, of those within reach. */
export function jointAt(items: readonly ScreenItem[], [x, y]: Spot, reach = NEAR): Joint | null {
  let best: Joint | null = null
  let least = reach
  for (const item of items) {
    for (const joint of jointsOf(item)) {
      const far = Math.hypot(joint.x - x, joint.y - y)
      if (far <= least) [best, least] = [joint, far]
    }
  }
  return best
}

/** An end that is at no port leaves along its own line. */
function looseEnd(path: readonly Spot[], atEnd: boolean): Meet {
  const [x, y] = (atEnd ? path.at(-1) : path[0]) as Spot
  const [nx, ny] = (atEnd ? path.at(-2) : path[1]) as Spot
  const side: Side = Math.abs(nx - x) >= Math.abs(ny - y) ? (nx >= x ? 'right' : 'left') : ny >= y ? 'bottom' : 'top'
  return { x, y, side }
}

const same = (a: readonly Spot[], b: readonly Spot[]): boolean => a.length === b.length && a.every(([x, y], at) => Math.abs(x - (b[at]?.[0] ?? 0)) <= NEAR && Math.abs(y - (b[at]?.[1] ?? 0)) <= NEAR)

export const piped = (from: Meet, to: Meet): [number, number][] => route(from, to).map(([x, y]) => [tenth(x), tenth(y)])

/** One end is elsewhere: the corner beside it goes along, all others stay. */
function stretched(path: readonly Spot[], end: Spot, atEnd: boolean): Spot[] {
  const turned = atEnd ? [...path].reverse() : [...path]
  const [old, next, ...rest] = turned as [Spot, Spot, ...Spot[]]
  const flat = old[1] === next[1]
  const kept: Spot = rest.length === 0 ? next : flat ? [next[0], end[1]] : [end[0], next[1]]
  const made = squared([end, kept, ...rest], flat)
  return tidy(atEnd ? made.reverse() : made)
}

/** `before` and `after` are one drawing's items; pipes in `whole` were moved with what they join. */
export function followed(before: readonly ScreenItem[], after: readonly ScreenItem[], whole: ReadonlySet<string>): ScreenItem[] {
  const were = new Map(before.map((item) => [item.id, item]))
  const changed = after.filter((item) => were.get(item.id) !== item && isSymbol(item.is))
  if (!changed.length) return [...after]
  const is = new Map(changed.map((item) => [item.id, item]))
  const movable = before.filter((item) => is.has(item.id))
  return after.map((item) => {
    if (item.is !== 'pipe' || !item.path || item.path.length < 2 || whole.has(item.id)) return item
    const ends = [item.path[0], item.path.at(-1)].map((spot) => jointAt(movable, spot as Spot))
    if (!ends[0] && !ends[1]) return item
    const now = ends.map((joint) => (joint ? (jointsOf(is.get(joint.id) as ScreenItem).find((one) => one.port === joint.port) ?? null) : null))
    return { ...item, path: redrawn(item.path, before, ends, now) }
  })
}

function redrawn(path: readonly Spot[], items: readonly ScreenItem[], were: readonly (Joint | null)[], now: readonly (Joint | null)[]): [number, number][] {
  const [from, to] = [0, 1].map((at) => were[at] ?? jointAt(items, (at ? path.at(-1) : path[0]) as Spot) ?? looseEnd(path, at === 1)) as [Meet, Meet]
  if (same(path, route(from, to))) return piped(now[0] ?? from, now[1] ?? to) // nobody has shaped it
  let made: Spot[] = [...path]
  if (now[0]) made = stretched(made, [now[0].x, now[0].y], false)
  if (now[1]) made = stretched(made, [now[1].x, now[1].y], true)
  return made.map(([x, y]) => [tenth(x), tenth(y)])
}
