/** Where pipes and wires meet a symbol, however it is turned. Pure. */

export type Side = 'left' | 'right' | 'top' | 'bottom'

/** `x`, `y` in parts of the box, before it is turned. */
export interface Port {
  name: string
  x: number
  y: number
  side: Side
}

export interface Placed {
  x: number
  y: number
  w: number
  h: number
  /** Degrees clockwise about its middle. */
  turn?: number
  /** Mirrored, left to right, before it is turned. */
  flip?: boolean
}

export interface Meet {
  x: number
  y: number
  side: Side
}

const ROUND: readonly Side[] = ['top', 'right', 'bottom', 'left']

/** The port's place on the drawing, and where the pipe leaves to: the side that is nearest. */
export function portOf(box: Placed, port: Port): Meet {
  const turn = box.turn ?? 0
  const rad = (turn * Math.PI) / 180
  const [cos, sin] = [tidied(Math.cos(rad)), tidied(Math.sin(rad))]
  const px = (port.x - 0.5) * box.w * (box.flip ? -1 : 1)
  const py = (port.y - 0.5) * box.h
  const own = box.flip && (port.side === 'left' || port.side === 'right') ? (port.side === 'left' ? 'right' : 'left') : port.side
  const side = ROUND[(ROUND.indexOf(own) + Math.round(turn / 90)) % 4] ?? own
  return { x: box.x + box.w / 2 + px * cos - py * sin, y: box.y + box.h / 2 + px * sin + py * cos, side }
}

const tidied = (n: number): number => Math.round(n * 1e9) / 1e9

/** The box around a turned one, for selecting and aligning. */
export function boundsOf(box: Placed): { x: number; y: number; w: number; h: number } {
  const rad = ((box.turn ?? 0) * Math.PI) / 180
  const [cos, sin] = [Math.abs(tidied(Math.cos(rad))), Math.abs(tidied(Math.sin(rad)))]
  const [w, h] = [box.w * cos + box.h * sin, box.w * sin + box.h * cos]
  return { x: box.x + (box.w - w) / 2, y: box.y + (box.h - h) / 2, w, h }
}

export const inOut: readonly Port[] = [
  { name: 'in', x: 0, y: 0.5, side: 'left' },
  { name: 'out', x: 1, y: 0.5, side: 'right' },
]
export const around: readonly Port[] = [...inOut, { name: 'top', x: 0.5, y: 0, side: 'top' }, { name: 'bottom', x: 0.5, y: 1, side: 'bottom' }]
