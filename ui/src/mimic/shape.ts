/** Shapes are written in parts of their box, 0 to 1, and drawn in its pixels: lines keep their width, letters their form. */

const drawn = new Map<string, string>()
const MOST = 4000

/** `M.1 .2L.5 1Z` in a box of `w` × `h`: numbers come in pairs, x then y (M, L, C, Q; no arcs). */
export function path(w: number, h: number, parts: string): string {
  const key = `${w} ${h} ${parts}`
  const held = drawn.get(key)
  if (held !== undefined) return held
  let isY = true
  const made = parts.replace(/-?\d*\.?\d+/g, (text) => {
    isY = !isY
    return String(Math.round(Number(text) * (isY ? h : w) * 10) / 10)
  })
  if (drawn.size > MOST) drawn.clear()
  drawn.set(key, made)
  return made
}

/** Diagonal lines across the box: what is not to be trusted. */
export function hatch(w: number, h: number, gap = 7): string {
  const lines: string[] = []
  for (let at = gap; at < w + h; at += gap) {
    const [x0, y0] = at <= h ? [0, at] : [at - h, h]
    const [x1, y1] = at <= w ? [at, 0] : [w, at - w]
    lines.push(`M${x0} ${y0}L${x1} ${y1}`)
  }
  return lines.join('')
}
