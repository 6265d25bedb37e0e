/** A line over seconds or hertz, with a cursor that is read out and marks that stand at given places. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { number } from '../core/format'
import { colourOf, type Theme } from '../core/palette'
import { padded } from '../core/shape'
import { readInk } from './ink'

export interface WavePlotProps {
  x: readonly number[]
  y: readonly (number | null)[]
  /** CSS pixels. */
  width: number
  height: number
  theme: Theme
  logarithmic?: boolean
  marks?: readonly { at: number; label: string }[]
  xLabel: string
  yLabel: string
  label: string
  /** Index under the pointer, null when it leaves. */
  onCursor?: (index: number | null) => void
  onPick?: (index: number) => void
}

export function WavePlot(props: WavePlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const now = useRef(props)
  now.current = props
  const { x, y, width, height, theme, logarithmic, marks } = props

  useEffect(() => {
    if (!host.current || width < 40) return
    const ink = readInk()
    const common = { font: ink.font, labelFont: ink.font, stroke: ink.muted, ticks: { stroke: ink.line, size: 4, width: 1 }, grid: { stroke: ink.grid, width: 1 }, labelSize: 16 }
    const plot = new uPlot(
      {
        width,
        height,
        series: [{}, { stroke: colourOf(0, theme), width: 1, points: { show: false }, spanGaps: false }],
        scales: {
          x: { time: false },
          y: now.current.logarithmic ? { distr: 3, log: 10 } : { range: (_u, min, max) => padded(min ?? Number.NaN, max ?? Number.NaN) },
        },
        axes: [
          { ...common, size: 34, label: now.current.xLabel, space: 64, values: (_u, splits) => splits.map((v) => number(v, 5)) },
          { ...common, size: width < 560 ? 48 : 58, label: width < 560 ? undefined : now.current.yLabel, values: (_u, splits) => splits.map((v) => (v === null ? '' : number(v, 3))) } as uPlot.Axis,
        ],
        legend: { show: false },
        padding: [10, 12, 0, 4],
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        hooks: {
          draw: [(u) => drawMarks(u, now.current.marks ?? [], ink.accent, ink.font)],
          setCursor: [(u) => now.current.onCursor?.(u.cursor.idx ?? null)],
        },
      },
      [x, y] as unknown as uPlot.AlignedData,
      host.current,
    )
    const pick = () => {
      if (plot.cursor.idx != null) now.current.onPick?.(plot.cursor.idx)
    }
    plot.over.addEventListener('click', pick)
    return () => plot.destroy()
  }, [x, y, width, height, theme, logarithmic, marks])

  return <div className="plot" ref={host} role="img" aria-label={props.label} style={{ height }} />
}

function drawMarks(u: uPlot, marks: readonly { at: number; label: string }[], colour: string, font: string) {
  const { ctx, bbox } = u
  ctx.save()
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.font = font.replace('11px', `${11 * devicePixelRatio}px`)
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
  for (const mark of marks) {
    const left = u.valToPos(mark.at, 'x', true)
    if (left < bbox.left || left > bbox.left + bbox.width) continue
    ctx.beginPath()
    ctx.moveTo(left, bbox.top)
    ctx.lineTo(left, bbox.top + bbox.height)
    ctx.stroke()
    ctx.fillText(mark.label, left + 3 * devicePixelRatio, bbox.top + 11 * devicePixelRatio)
  }
  ctx.restore()
}
