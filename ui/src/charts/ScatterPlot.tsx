/** A cloud of pairs on a canvas, coloured from the oldest to the newest. */
import { useEffect, useRef } from 'react'
import { number } from '../core/format'
import type { Theme } from '../core/palette'
import { type Pairs, ticks } from '../core/scatter'
import { padded } from '../core/shape'
import { readInk } from './ink'

export interface ScatterPlotProps {
  pairs: Pairs
  xLabel: string
  yLabel: string
  /** Said upward where the whole label is longer than the plot is high. */
  yShort: string
  theme: Theme
  /** CSS pixels. */
  width: number
  height: number
  label: string
  onReady?: (canvas: HTMLCanvasElement | null) => void
}

// Old to new, light to full, in one hue: readable in print and by the colour-blind.
const RAMP = { light: [[173, 204, 224], [8, 72, 120]], dark: [[52, 78, 98], [140, 216, 255]] } as const
const LEFT = 64
const FOOT = 44

export function ScatterPlot({ pairs, xLabel, yLabel, yShort, theme, width, height, label, onReady }: ScatterPlotProps) {
  const host = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const canvas = host.current
    const ctx = canvas?.getContext('2d')
    if (!canvas || !ctx) return
    const dpr = devicePixelRatio
    canvas.width = width * dpr
    canvas.height = height * dpr
    ctx.scale(dpr, dpr)
    const ink = readInk()
    const [x0, x1] = ends(pairs.x)
    const [y0, y1] = ends(pairs.y)
    const px = (x: number) => LEFT + ((x - x0) / (x1 - x0)) * (width - LEFT - 16)
    const py = (y: number) => 12 + (1 - (y - y0) / (y1 - y0)) * (height - FOOT - 12)
    ctx.font = ink.font
    ctx.lineWidth = 1
    const line = (a: number, b: number, c: number, d: number) => {
      ctx.beginPath()
      ctx.moveTo(a, b)
      ctx.lineTo(c, d)
      ctx.stroke()
    }
    ctx.strokeStyle = ink.grid
    ctx.fillStyle = ink.muted
    ctx.textAlign = 'center'
    ctx.textBaseline = 'top'
    for (const x of ticks(x0, x1, width / 110)) {
      line(px(x), 12, px(x), height - FOOT)
      ctx.fillText(number(x, 6), px(x), height - FOOT + 6)
    }
    ctx.textAlign = 'right'
    ctx.textBaseline = 'middle'
    for (const y of ticks(y0, y1, height / 60)) {
      line(LEFT, py(y), width - 16, py(y))
      ctx.fillText(number(y, 6), LEFT - 6, py(y))
    }
    ctx.fillStyle = ink.text
    ctx.textAlign = 'center'
    ctx.textBaseline = 'bottom'
    ctx.fillText(xLabel, (LEFT + width) / 2, height - 4)
    ctx.save()
    ctx.translate(4, (height - FOOT) / 2)
    ctx.rotate(-Math.PI / 2)
    ctx.textBaseline = 'top'
    ctx.fillText(ctx.measureText(yLabel).width > height - FOOT ? yShort : yLabel, 0, 0)
    ctx.restore()
    const [old, fresh] = RAMP[theme]
    const first = pairs.t[0] ?? 0
    const span = (pairs.t[pairs.t.length - 1] ?? 1) - first || 1
    ctx.globalAlpha = 0.75
    pairs.t.forEach((t, i) => {
      const part = (t - first) / span
      const mixed = old.map((from, k) => Math.round(from + ((fresh[k] ?? from) - from) * part))
      ctx.fillStyle = `rgb(${mixed.join(',')})`
      ctx.beginPath()
      ctx.arc(px(pairs.x[i] ?? 0), py(pairs.y[i] ?? 0), 2.2, 0, 2 * Math.PI)
      ctx.fill()
    })
    onReady?.(canvas)
    return () => onReady?.(null)
  }, [pairs, xLabel, yLabel, theme, width, height])
  return <canvas ref={host} className="scatter" role="img" aria-label={label} style={{ width, height }} />
}

function ends(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return padded(low, high)
}
