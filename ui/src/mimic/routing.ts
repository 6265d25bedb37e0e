/** Pipes between ports: lines with right angles that leave a symbol straight and go around nothing but corners. Pure. */
import type { Meet, Side } from './ports'

export type Spot = readonly [x: number, y: number]

const AHEAD: Record<Side, Spot> = { left: [-1, 0], right: [1, 0], top: [0, -1], bottom: [0, 1] }
export const STUB = 16

const isFlat = (side: Side): boolean => side === 'left' || side === 'right'
const ahead = (meet: Meet, by: number): Spot => [meet.x + AHEAD[meet.side][0] * by, meet.y + AHEAD[meet.side][1] * by]

/** All corners from one port to another, both ends included; `via` are corners somebody set. */
export function route(from: Meet, to: Meet, via: readonly Spot[] = []): Spot[] {
  const start: Spot = [from.x, from.y]
  const end: Spot = [to.x, to.y]
  if (via.length) return tidy(squared([start, ...via, end], isFlat(from.side)))
  const [ax, ay] = ahead(from, STUB)
  const [bx, by] = ahead(to, STUB)
  const facing = (ax - from.x) * (bx - ax) + (ay - from.y) * (by - ay) >= 0 && (bx - to.x) * (ax - bx) + (by - to.y) * (ay - by) >= 0
  const flat = isFlat(from.side)
  if (flat === isFlat(to.side)) {
    if (facing) {
      const middle: Spot[] = flat ? [[(ax + bx) / 2, ay], [(ax + bx) / 2, by]] : [[ax, (ay + by) / 2], [bx, (ay + by) / 2]]
      return tidy([start, ...middle, end])
    }
    const middle: Spot[] = flat ? [[ax, ay], [ax, (ay + by) / 2], [bx, (ay + by) / 2], [bx, by]] : [[ax, ay], [(ax + bx) / 2, ay], [(ax + bx) / 2, by], [bx, by]]
    return tidy([start, ...middle, end])
  }
  if (facing) return tidy([start, flat ? [bx, ay] : [ax, by], end])
  return tidy([start, [ax, ay], ...(flat ? [[ax, by] as Spot] : [[bx, ay] as Spot]), [bx, by], end])
}

/** A line through these places with right angles only. */
export function squared(spots: readonly Spot[], flatFirst = true): Spot[] {
  const made: Spot[] = []
  let flat = flatFirst
  for (const spot of spots) {
    const last = made[made.length - 1]
    if (last && last[0] !== spot[0] && last[1] !== spot[1]) {
      made.push(flat ? [spot[0], last[1]] : [last[0], spot[1]])
      flat = !flat
    } else if (last) flat = last[1] !== spot[1]
    made.push(spot)
  }
  return made
}

/** Without corners that are none. */
export function tidy(spots: readonly Spot[]): Spot[] {
  const made: Spot[] = []
  for (const spot of spots) {
    const last = made[made.length - 1]
    if (last && last[0] === spot[0] && last[1] === spot[1]) continue
    const before = made[made.length - 2]
    const between = (a: number, b: number, c: number) => (a <= b && b <= c) || (a >= b && b >= c)
    if (last && before && ((before[0] === last[0] && last[0] === spot[0] && between(before[1], last[1], spot[1])) || (before[1] === last[1] && last[1] === spot[1] && between(before[0], last[0], spot[0])))) made.pop()
    made.push(spot)
  }
  return made
}

export const lineOf = (spots: readonly Spot[]): string => spots.map(([x, y], at) => `${at ? 'L' : 'M'}${x} ${y}`).join('')

const EVERY = 120
const LEAST = 28

/** Where arrows stand on a line, and where they point to (degrees); long stretches have several. */
export function arrows(spots: readonly Spot[]): { x: number; y: number; turn: number }[] {
  return spots.slice(1).flatMap(([x, y], at) => {
    const [x0, y0] = spots[at] as Spot
    const length = Math.hypot(x - x0, y - y0)
    if (length < LEAST) return []
    const n = Math.max(1, Math.round(length / EVERY))
    const turn = (Math.atan2(y - y0, x - x0) * 180) / Math.PI
    return Array.from({ length: n }, (_, i) => ({ x: x0 + ((x - x0) * (i + 0.5)) / n, y: y0 + ((y - y0) * (i + 0.5)) / n, turn }))
  })
}
