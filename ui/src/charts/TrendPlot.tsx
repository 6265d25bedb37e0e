/** One uPlot with our layers and gestures. Data come shaped; the plot is rebuilt only when what is shown changes. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Theme } from '../core/palette'
import type { Trace } from '../core/series'
import type { Shaped } from '../core/shape'
import { attachGestures } from './gestures'
import { type Ink, readInk } from './ink'
import { drawAbove, drawBelow, type Layers } from './layers'
import { axesOf, scalesOf, seriesOf, type TrendLook } from './options'

export interface TrendPlotProps {
  traces: readonly Trace[]
  shaped: Shaped
  colours: readonly number[]
  layers: Layers
  theme: Theme
  /** Seconds. */
  from: number
  to: number
  /** CSS pixels. */
  width: number
  height: number
  syncKey?: string
  /** Fixed ends of scales, by unit. */
  scales?: Readonly<Record<string, [number, number]>>
  onRange?: (from: number, to: number) => void
  /** Seconds under the pointer, null when it leaves. */
  onHover?: (s: number | null) => void
  onMark?: (s: number) => void
  onReady?: (u: uPlot | null) => void
  label: string
}

export function TrendPlot(props: TrendPlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const now = useRef(props)
  now.current = props
  const ink = useRef<Ink | null>(null)
  const moving = useRef(false)

  // What forces a new plot: which lines in which roles, the theme, the narrowness.
  const shape = JSON.stringify([props.theme, props.width < 560, props.scales, props.colours, props.shaped.columns, props.traces.map((trace) => [trace.head.name, trace.head.unit, trace.head.kind, trace.head.states, trace.words?.length])])

  useEffect(() => {
    if (!host.current) return
    const p = now.current
    const paint = readInk()
    ink.current = paint
    const look: TrendLook = { theme: p.theme, ink: paint, colours: p.colours, narrow: p.width < 560, ...(p.scales ? { scales: p.scales } : {}) }
    const { series, bands } = seriesOf(p.shaped, p.traces, look)
    const u = new uPlot(
      {
        width: p.width,
        height: p.height,
        series,
        bands,
        scales: { ...scalesOf(p.traces, look), x: { time: true, range: (_u, min, max) => [min, max] } },
        axes: axesOf(p.traces, look),
        legend: { show: false },
        padding: [8, 12, 0, 4],
        cursor: {
          drag: { x: true, y: false, setScale: false, dist: 6 },
          points: { size: 6 },
          ...(p.syncKey ? { sync: { key: p.syncKey, setSeries: false } } : {}),
        },
        hooks: {
          drawClear: [(plotted) => drawBelow(plotted, now.current.layers, ink.current ?? paint)],
          draw: [(plotted) => drawAbove(plotted, now.current.layers, ink.current ?? paint)],
          setCursor: [(plotted) => {
            const left = plotted.cursor.left ?? -1
            now.current.onHover?.(left < 0 ? null : plotted.posToVal(left, 'x'))
          }],
          setSelect: [(plotted) => {
            const { left, width } = plotted.select
            if (width < 6) return
            // uPlot swallows the click that ends a drag; should one come through, it is no mark.
            moving.current = true
            setTimeout(() => { moving.current = false }, 0)
            const from = plotted.posToVal(left, 'x')
            const to = plotted.posToVal(left + width, 'x')
            plotted.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
            now.current.onRange?.(from, to)
          }],
        },
      },
      p.shaped.data as unknown as uPlot.AlignedData,
      host.current,
    )
    u.setScale('x', { min: p.from, max: p.to })
    const detach = attachGestures(u, { onRange: (from, to) => now.current.onRange?.(from, to) })
    const onClick = (event: MouseEvent) => {
      if (moving.current) {
        moving.current = false
        return
      }
      if (!event.shiftKey) now.current.onMark?.(u.posToVal(event.offsetX, 'x'))
    }
    u.over.addEventListener('click', onClick)
    plot.current = u
    now.current.onReady?.(u)
    return () => {
      detach()
      now.current.onReady?.(null)
      u.destroy()
      plot.current = null
    }
  }, [shape])

  useEffect(() => {
    const u = plot.current
    if (!u) return
    u.batch(() => {
      u.setData(props.shaped.data as unknown as uPlot.AlignedData, false)
      u.setScale('x', { min: props.from, max: props.to })
    })
  }, [props.shaped, props.from, props.to, shape])

  useEffect(() => {
    plot.current?.redraw(false)
  }, [props.layers])

  useEffect(() => {
    plot.current?.setSize({ width: props.width, height: props.height })
  }, [props.width, props.height])

  return <div className="plot" ref={host} role="img" aria-label={props.label} style={{ height: props.height }} />
}
