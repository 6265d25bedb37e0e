/** What is chosen is framed; one alone has corners to pull, a pipe its bends. */
import type { PointerEvent } from 'react'
import { aroundAll, type Corner, type Items } from './arrange'
import { boxOf } from './follow'

export interface HandlesProps {
  items: Items
  zoom: number
  onCorner: (event: PointerEvent, id: string, corner: Corner) => void
  onBend: (event: PointerEvent, id: string, at: number) => void
}

const CORNERS: readonly Corner[] = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
const SIDE = 10 // CSS pixels

export function Handles({ items, zoom, onCorner, onBend }: HandlesProps) {
  const only = items.length === 1 ? items[0] : undefined
  const side = SIDE / zoom
  const grip = (key: string, x: number, y: number, down: (event: PointerEvent) => void) => <rect key={key} className="draw-handle" x={x - side / 2} y={y - side / 2} width={side} height={side} onPointerDown={down} />
  if (only?.path?.length) {
    const bends = only.path.slice(1, -1)
    return <g>{bends.map(([x, y], at) => grip(`${at}`, x, y, (event) => onBend(event, only.id, at + 1)))}</g>
  }
  if (only?.at) {
    const { x, y, w, h, turn } = boxOf(only)
    return (
      <g transform={turn ? `rotate(${turn} ${x + w / 2} ${y + h / 2})` : undefined}>
        <rect className="draw-chosen" x={x} y={y} width={w} height={h} />
        {CORNERS.map((corner) => grip(corner.join(), x + (w * (corner[0] + 1)) / 2, y + (h * (corner[1] + 1)) / 2, (event) => onCorner(event, only.id, corner)))}
      </g>
    )
  }
  if (!items.length) return null
  const all = aroundAll(items)
  return <rect className="draw-chosen" x={all.x - 2} y={all.y - 2} width={all.w + 4} height={all.h + 4} />
}
