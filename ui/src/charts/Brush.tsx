/** The overview strip: the whole in miniature, the window on it; drag the window, its edges, or draw a new one. */
import { type PointerEvent, useEffect, useRef } from 'react'
import { colourOf, type Theme } from '../core/palette'
import { type Trace, usable } from '../core/series'

export interface BrushProps {
  traces: readonly Trace[]
  theme: Theme
  /** Seconds: the whole and the window. */
  whole: { from: number; to: number }
  view: { from: number; to: number }
  /** CSS pixels. */
  width: number
  label: string
  onRange: (from: number, to: number) => void
}

const HEIGHT = 44
const EDGE = 8

type Grip = { kind: 'move' | 'left' | 'right' | 'new'; s: number; from: number; to: number }

export function Brush({ traces, theme, whole, view, width, label, onRange }: BrushProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const grip = useRef<Grip | null>(null)
  const span = Math.max(whole.to - whole.from, 1e-6)
  const px = (s: number) => ((s - whole.from) / span) * width
  const at = (event: PointerEvent) => whole.from + ((event.clientX - event.currentTarget.getBoundingClientRect().left) / width) * span

  useEffect(() => {
    const element = canvas.current
    const ctx = element?.getContext('2d')
    if (!element || !ctx) return
    const dpr = devicePixelRatio
    element.width = width * dpr
    element.height = HEIGHT * dpr
    ctx.scale(dpr, dpr)
    ctx.clearRect(0, 0, width, HEIGHT)
    traces.forEach((trace, i) => line(ctx, trace, colourOf(i, theme), (s) => ((s - whole.from) / span) * width))
  }, [traces, theme, width, whole.from, span])

  const left = Math.max(0, Math.min(width, px(view.from)))
  const right = Math.max(left + 2, Math.min(width, px(view.to)))

  const onDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId)
    const s = at(event)
    const x = px(s)
    const kind = Math.abs(x - left) < EDGE ? 'left' : Math.abs(x - right) < EDGE ? 'right' : x > left && x < right ? 'move' : 'new'
    grip.current = { kind, s, from: view.from, to: view.to }
  }
  const onMove = (event: PointerEvent) => {
    const held = grip.current
    if (!held) return
    const s = at(event)
    const by = s - held.s
    if (held.kind === 'move') onRange(held.from + by, held.to + by)
    else if (held.kind === 'left') onRange(Math.min(s, held.to - 1e-3), held.to)
    else if (held.kind === 'right') onRange(held.from, Math.max(s, held.from + 1e-3))
    else if (Math.abs(px(s) - px(held.s)) > 4) onRange(Math.min(held.s, s), Math.max(held.s, s))
  }
  const onUp = () => {
    grip.current = null
  }
  const onKey = (event: React.KeyboardEvent) => {
    const step = (view.to - view.from) * (event.shiftKey ? 0.5 : 0.1)
    if (event.key === 'ArrowLeft') onRange(view.from - step, view.to - step)
    else if (event.key === 'ArrowRight') onRange(view.from + step, view.to + step)
    else if (event.key === 'ArrowUp') onRange(view.from + step, view.to - step)
    else if (event.key === 'ArrowDown') onRange(view.from - step, view.to + step)
    else return
    event.preventDefault()
  }
  return (
    <div className="brush" style={{ width, height: HEIGHT }} role="slider" tabIndex={0} aria-label={label} aria-valuenow={Math.round(view.from)} aria-valuemin={Math.round(whole.from)} aria-valuemax={Math.round(whole.to)} onPointerDown={onDown} onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={onUp} onKeyDown={onKey}>
      <canvas ref={canvas} style={{ width, height: HEIGHT }} />
      <i className="brush-shade" style={{ left: 0, width: left }} />
      <i className="brush-shade" style={{ left: right, right: 0 }} />
      <i className="brush-window" style={{ left, width: right - left }} />
    </div>
  )
}

function line(ctx: CanvasRenderingContext2D, trace: Trace, colour: string, px: (s: number) => number): void {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < trace.y.length; i++) {
    if (!usable(trace, i)) continue
    const y = trace.y[i] ?? 0
    if (y < min) min = y
    if (y > max) max = y
  }
  if (min > max) return
  const range = max - min || 1
  ctx.strokeStyle = colour
  ctx.globalAlpha = 0.75
  ctx.lineWidth = 1
  ctx.beginPath()
  let pen = false
  for (let i = 0; i < trace.t.length; i++) {
    if (!usable(trace, i)) {
      pen = false
      continue
    }
    const x = px(trace.t[i] ?? 0)
    const y = 4 + (1 - ((trace.y[i] ?? 0) - min) / range) * (HEIGHT - 8)
    if (pen) ctx.lineTo(x, y)
    else ctx.moveTo(x, y)
    pen = true
  }
  ctx.stroke()
  ctx.globalAlpha = 1
}
