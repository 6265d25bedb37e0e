/** A wall that goes from screen to screen: `?wall=1&next=a,b&every=20` on screen c shows c, a, b, c … for 20 s each. Pure. */
import { screenLink } from './route'

const LEAST_S = 3
const USUAL_S = 30

export function nextOnWall(name: string, search: string): { href: string; afterMs: number } | null {
  const asked = new URLSearchParams(search)
  const others = (asked.get('next') ?? '').split(',').filter(Boolean)
  const [next, ...rest] = others
  if (next === undefined) return null
  const every = Math.max(LEAST_S, Number(asked.get('every')) || USUAL_S)
  const then = new URLSearchParams({ wall: '1', next: [...rest, name].join(','), every: String(every) })
  return { href: `${screenLink(next)}?${then}`, afterMs: every * 1000 }
}
