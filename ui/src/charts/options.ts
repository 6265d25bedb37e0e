/** uPlot options for a trend: scales by unit, envelope as a band, uncertain dashed. */
import uPlot from 'uplot'
import { onScale, unitText } from '../core/format'
import { colourOf, dashOf, faded, type Theme } from '../core/palette'
import { stepped, type Trace } from '../core/series'
import { padded, type Shaped } from '../core/shape'
import type { Ink } from './ink'

export interface TrendLook {
  theme: Theme
  ink: Ink
  /** Index of each trace in the page's list, so that colours stay when one is hidden. */
  colours: readonly number[]
  narrow: boolean
  /** Fixed ends by unit. */
  scales?: Readonly<Record<string, [number, number]>>
}

/** Points of one unit share a scale; states and texts get their own. */
export function scaleKey(trace: Trace, index: number): string {
  if (trace.head.kind === 'state' || trace.head.kind === 'text') return `w${index}`
  return `u:${trace.head.unit}`
}

export function seriesOf(shaped: Shaped, traces: readonly Trace[], look: TrendLook): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const series: uPlot.Series[] = [{}]
  const bands: uPlot.Band[] = []
  shaped.columns.forEach((column, i) => {
    const trace = traces[column.trace]
    if (!trace) return
    const index = look.colours[column.trace] ?? column.trace
    const colour = colourOf(index, look.theme)
    const stairs = stepped(trace) && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}
    const edge = column.role === 'low' || column.role === 'high'
    series.push({
      label: trace.head.name,
      scale: scaleKey(trace, index),
      stroke: trace.ghost ? faded(colour, edge ? 0.25 : 0.7) : edge ? faded(colour, 0.5) : colour,
      width: edge ? 0.6 : trace.ghost ? 1.1 : 1.4,
      points: { show: column.role === 'line' && trace.t.length < 60, size: 4, fill: colour },
      dash: trace.ghost && !edge ? [6, 4] : column.role === 'uncertain' ? [4, 4] : edge ? [] : dashOf(index),
      spanGaps: false,
      ...stairs,
    })
    if (column.role === 'high') bands.push({ series: [i + 1, i], fill: faded(colour, trace.ghost ? 0.08 : 0.22) })
  })
  return { series, bands }
}

export function scalesOf(traces: readonly Trace[], look: TrendLook): uPlot.Scales {
  const scales: uPlot.Scales = { x: { time: true } }
  traces.forEach((trace, i) => {
    const key = scaleKey(trace, look.colours[i] ?? i)
    scales[key] = key.startsWith('w') ? { range: (_u, min, max) => [Math.min(min ?? 0, 0) - 0.3, Math.max(max ?? 1, 1) + 0.3] } : { range: (_u, min, max) => look.scales?.[trace.head.unit] ?? padded(min ?? Number.NaN, max ?? Number.NaN) }
  })
  return scales
}

const AXES = 3

export function axesOf(traces: readonly Trace[], look: TrendLook): uPlot.Axis[] {
  const { ink } = look
  const common = { font: ink.font, stroke: ink.muted, ticks: { stroke: ink.line, size: 4, width: 1 }, grid: { stroke: ink.grid, width: 1 } }
  const axes: uPlot.Axis[] = [{ ...common, size: 46, values: clockLabels(), space: 84 }]
  const seen = new Map<string, number[]>()
  traces.forEach((trace, i) => {
    const key = scaleKey(trace, look.colours[i] ?? i)
    seen.set(key, [...(seen.get(key) ?? []), i])
  })
  let drawn = 0
  for (const [key, members] of seen) {
    if (drawn >= (look.narrow ? 1 : AXES)) break
    const trace = traces[members[0] ?? 0]
    if (!trace) continue
    const index = look.colours[members[0] ?? 0] ?? 0
    axes.push({
      ...common,
      scale: key,
      side: drawn % 2 === 0 ? 3 : 1,
      size: look.narrow ? 46 : 58,
      stroke: seen.size > 1 && members.length === 1 ? colourOf(index, look.theme) : ink.muted,
      grid: drawn === 0 ? common.grid : { show: false },
      values: (_u, splits) => splits.map((value) => labelOf(trace, value)),
      ...(key.startsWith('w') ? { incrs: [1, 2, 5, 10] } : {}),
      label: look.narrow ? undefined : unitText(trace.head.unit) || ' ',
      labelFont: ink.font,
      labelSize: 16,
    } as uPlot.Axis)
    drawn += 1
  }
  return axes
}

function labelOf(trace: Trace, value: number): string {
  if (trace.words) return Number.isInteger(value) ? (trace.words[value] ?? '') : ''
  if (trace.head.kind === 'state') return Number.isInteger(value) ? (trace.head.states?.[String(value)] ?? String(value)) : ''
  return onScale(value)
}

const two = (n: number) => String(n).padStart(2, '0')

/** Axis labels: time, and the date where the day changes. */
function clockLabels(): uPlot.Axis.Values {
  return (_u, splits, _axis, _space, incr) => {
    let before = ''
    return splits.map((s) => {
      const d = new Date(s * 1000)
      const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
      const time = incr < 1 ? `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}` : incr < 60 ? `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}` : `${two(d.getHours())}:${two(d.getMinutes())}`
      const fresh = day !== before
      before = day
      if (incr >= 86400) return day
      return fresh ? `${time}\n${day}` : time
    })
  }
}
