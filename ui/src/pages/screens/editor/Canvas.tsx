/** The sheet: items are chosen, pulled, turned and joined on it, by pointer or by keys. */
import { type KeyboardEvent, memo, type PointerEvent as Pointing, type ReactNode, useCallback, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScreenItem } from '../../../core/screens'
import { lineOf, type Spot } from '../../../mimic/routing'
import { around, bent, type Box, type Corner, freshId, GRID, type Items, moved, resized, snapped, snappedBy, within, withGroups } from './arrange'
import { type Joint, jointAt, piped } from './follow'
import { Handles } from './Handles'
import { pressed } from './keys'
import { Ports } from './Ports'
import { spotOn } from './spot'
import type { Editing } from './useEditing'

export interface CanvasProps {
  edit: Editing
  size: readonly [number, number]
  zoom: number
  /** Pipes are drawn from port to port. */
  piping: boolean
  draw: (item: ScreenItem) => ReactNode
  under?: ReactNode
  /** A click on the bare sheet, in drawing units; true: somebody used it. */
  onSpot?: (spot: Spot) => boolean
}

type Pull = { kind: 'move' | 'box' | 'pipe'; from: Spot } | { kind: 'corner'; from: Spot; id: string; corner: Corner } | { kind: 'bend'; from: Spot; id: string; at: number }

const REACH = 14
const STILL = 3 // CSS pixels that a click may wander

export function Canvas({ edit, size, zoom, piping, draw, under, onSpot }: CanvasProps) {
  const { t } = useTranslation()
  const sheet = useRef<SVGSVGElement>(null)
  const grid = useId()
  const pull = useRef<(Pull & { start: Joint | null; x: number; y: number; strayed: boolean; ids: Set<string> }) | null>(null)
  const [items, setItems] = useState<Items | null>(null) // while something is pulled
  const [box, setBox] = useState<Box | null>(null)
  const [line, setLine] = useState<readonly Spot[] | null>(null)
  const shown = items ?? edit.items

  const spotOf = (event: { clientX: number; clientY: number }): Spot => spotOn(sheet.current, event) ?? [0, 0]
  const begin = (event: Pointing, made: Pull, start: Joint | null = null, ids: Set<string> = new Set()) => {
    if (event.button !== 0) return
    event.stopPropagation()
    sheet.current?.setPointerCapture(event.pointerId)
    sheet.current?.parentElement?.focus({ preventScroll: true })
    pull.current = { ...made, start, x: event.clientX, y: event.clientY, strayed: false, ids }
  }
  const onItem = (event: Pointing, item: ScreenItem) => {
    const spot = spotOf(event)
    if (piping) return begin(event, { kind: 'pipe', from: spot }, jointAt(edit.items, spot, REACH))
    const whole = withGroups(edit.items, new Set([item.id]))
    if (event.shiftKey || event.ctrlKey || event.metaKey) edit.choose([item.id], true)
    else if (!edit.chosen.has(item.id)) edit.choose([item.id])
    begin(event, { kind: 'move', from: spot }, null, edit.chosen.has(item.id) ? new Set(edit.chosen) : event.shiftKey ? new Set([...edit.chosen, ...whole]) : whole)
  }
  const newest = useRef(onItem)
  newest.current = onItem
  const onDown = useCallback((event: Pointing, item: ScreenItem) => newest.current(event, item), [])
  const onSheet = (event: Pointing) => {
    const spot = spotOf(event)
    if (piping) return begin(event, { kind: 'pipe', from: spot }, jointAt(edit.items, spot, REACH))
    begin(event, { kind: 'box', from: spot })
  }
  const onMove = (event: Pointing) => {
    const held = pull.current
    if (!held) return
    if (!held.strayed && Math.hypot(event.clientX - held.x, event.clientY - held.y) < STILL) return
    held.strayed = true
    const [x, y] = spotOf(event)
    const [dx, dy] = [x - held.from[0], y - held.from[1]]
    if (held.kind === 'move') setItems(moved(edit.items, held.ids, ...snappedBy(edit.items, held.ids, dx, dy)))
    else if (held.kind === 'corner') setItems(resized(edit.items, held.id, held.corner, dx, dy))
    else if (held.kind === 'bend') setItems(bent(edit.items, held.id, held.at, dx, dy))
    else if (held.kind === 'pipe') setLine(pipeTo(held.start, held.from, [x, y]))
    else setBox({ x: Math.min(x, held.from[0]), y: Math.min(y, held.from[1]), w: Math.abs(dx), h: Math.abs(dy) })
  }
  const pipeTo = (start: Joint | null, from: Spot, to: Spot): [number, number][] => {
    const end = jointAt(edit.items, to, REACH)
    const loose = (spot: Spot, other: Spot) => ({ x: snapped(spot[0]), y: snapped(spot[1]), side: Math.abs(other[0] - spot[0]) >= Math.abs(other[1] - spot[1]) ? (other[0] >= spot[0] ? ('right' as const) : ('left' as const)) : other[1] >= spot[1] ? ('bottom' as const) : ('top' as const) })
    return piped(start ?? loose(from, to), end ?? loose(to, from))
  }
  const onUp = (event: Pointing) => {
    const held = pull.current
    pull.current = null
    if (!held) return
    if (items) edit.set(items)
    else if (held.kind === 'pipe' && line && line.length > 1) {
      const id = freshId(edit.items.map((item) => item.id), 'pipe')
      edit.set([...edit.items, { id, is: 'pipe', path: line.map(([x, y]) => [x, y]) }])
      edit.choose([id])
    } else if (held.kind === 'box') {
      if (box) edit.choose(within(edit.items, box), event.shiftKey)
      else if (!onSpot?.(held.from) && !event.shiftKey) edit.choose([])
    }
    setItems(null)
    setBox(null)
    setLine(null)
  }
  const stop = () => {
    pull.current = null
    setItems(null)
    setBox(null)
    setLine(null)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && pull.current) stop()
    else if (!pressed(edit, event)) return
    event.preventDefault()
  }

  const picked = shown.filter((item) => edit.chosen.has(item.id))
  return (
    <div className="draw-canvas" tabIndex={0} role="group" aria-label={t('drawing.canvas')} aria-describedby={`${grid}-keys`} onKeyDown={onKey}>
      <span className="sr" id={`${grid}-keys`}>
        {t('drawing.keys')}
      </span>
      <svg ref={sheet} className={`draw-sheet ${piping ? 'is-piping' : ''}`} viewBox={`0 0 ${size[0]} ${size[1]}`} style={{ width: size[0] * zoom, height: size[1] * zoom }} onPointerDown={onSheet} onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={stop}>
        <defs>
          <pattern id={grid} width={GRID * 2} height={GRID * 2} patternUnits="userSpaceOnUse">
            <circle className="draw-dot" cx={GRID} cy={GRID} r={0.7} />
          </pattern>
        </defs>
        <rect className="draw-ground" width={size[0]} height={size[1]} />
        {under ?? <rect width={size[0]} height={size[1]} fill={`url(#${grid})`} />}
        {shown.map((item) => (
          <Placed key={item.id} item={item} draw={draw} onDown={onDown} />
        ))}
        {piping ? <Ports items={shown} /> : null}
        {line ? <path className="draw-line" d={lineOf(line)} /> : null}
        <Handles items={picked} zoom={zoom} onCorner={(event, id, corner) => begin(event, { kind: 'corner', from: spotOf(event), id, corner })} onBend={(event, id, at) => begin(event, { kind: 'bend', from: spotOf(event), id, at })} />
        {box ? <rect className="draw-box" x={box.x} y={box.y} width={box.w} height={box.h} /> : null}
      </svg>
    </div>
  )
}

interface PlacedProps {
  item: ScreenItem
  draw: (item: ScreenItem) => ReactNode
  onDown: (event: Pointing, item: ScreenItem) => void
}

/** Drawn again only when it is another item, not for each pull of its neighbour. */
const Placed = memo(function Placed({ item, draw, onDown }: PlacedProps) {
  const bounds = around(item)
  return (
    <g data-item={item.id} className="draw-item" onPointerDown={(event) => onDown(event, item)}>
      {draw(item)}
      {item.path?.length ? <path className="draw-grip-line" d={lineOf(item.path)} /> : <rect className="draw-grip" x={bounds.x} y={bounds.y} width={bounds.w} height={bounds.h} />}
    </g>
  )
})
