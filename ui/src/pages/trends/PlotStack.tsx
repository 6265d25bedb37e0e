/** One plot for all, or one under the other with one cursor. */
import type uPlot from 'uplot'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { scaleKey } from '../../charts/options'
import type { Band, Layers } from '../../charts/layers'
import { TrendPlot } from '../../charts/TrendPlot'
import { Waiting } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { colourOf } from '../../core/palette'
import type { Trace } from '../../core/series'
import type { Layout, TrendState } from '../../core/trendstate'
import { badIntervals, shape, simulatedIntervals } from '../../core/shape'

export interface PlotStackProps {
  traces: readonly Trace[]
  colours: readonly number[]
  layout: Layout
  scales: TrendState['scales']
  /** Seconds. */
  fetched: { from: number; to: number }
  view: { from: number; to: number }
  width: number
  episodes: readonly Band[]
  marks: readonly number[]
  loading: boolean
  plots: Map<string, uPlot>
  onRange: (from: number, to: number) => void
  onHover: (s: number | null) => void
  onMark: (s: number) => void
}

const HEIGHT = 420
const STACKED = 150

export function PlotStack(props: PlotStackProps) {
  const groups = useMemo(() => grouped(props.traces, props.colours, props.layout), [props.traces, props.colours.join(), props.layout])
  if (props.loading) return <Waiting rows={8} />
  const height = groups.length > 1 ? Math.max(STACKED, Math.floor(HEIGHT / groups.length)) : Math.max(260, Math.min(HEIGHT, window.innerHeight - 360))
  return (
    <>
      {groups.map((group, i) =>
        group.traces.length ? <One key={props.layout === 'overlay' ? 'all' : group.key} {...props} traces={group.traces} colours={group.colours} height={height} last={i === groups.length - 1} /> : null,
      )}
    </>
  )
}

interface Group {
  key: string
  traces: Trace[]
  colours: number[]
}

/** One pane for all, one a unit, or one a point; the ghost of a point lies in its pane. */
function grouped(traces: readonly Trace[], colours: readonly number[], layout: Layout): Group[] {
  const groups = new Map<string, Group>()
  traces.forEach((trace, i) => {
    const colour = colours[i] ?? i
    const key = layout === 'overlay' ? 'all' : layout === 'unit' ? scaleKey(trace, colour) : String(colour)
    const group = groups.get(key) ?? { key, traces: [], colours: [] }
    group.traces.push(trace)
    group.colours.push(colour)
    groups.set(key, group)
  })
  return [...groups.values()]
}

function One({ traces, colours, scales, fetched, view, width, episodes, marks, plots, height, onRange, onHover, onMark }: PlotStackProps & { height: number; last: boolean }) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const shaped = useMemo(() => shape(traces, fetched.from, fetched.to, width), [traces, fetched.from, fetched.to, width])
  const end = Math.min(view.to, fetched.to)
  const layers = useMemo<Layers>(
    () => ({
      gaps: traces.filter((trace) => !trace.ghost).map((trace) => ({ intervals: badIntervals(trace, end), colour: colourOf(colours[traces.indexOf(trace)] ?? 0, theme) })),
      simulated: traces.filter((trace) => !trace.ghost).flatMap((trace) => simulatedIntervals(trace, end)),
      bands: episodes,
      marks: marks.map((s, i) => ({ s, label: i === 0 ? 'A' : 'B' })),
    }),
    [traces, colours, theme, end, episodes, marks],
  )
  const key = traces.map((trace) => trace.head.name).join()
  return (
    <TrendPlot
      traces={traces}
      shaped={shaped}
      colours={colours}
      layers={layers}
      theme={theme}
      from={view.from}
      to={view.to}
      width={width}
      height={height}
      syncKey="trends"
      scales={scales}
      onRange={onRange}
      onHover={onHover}
      onMark={onMark}
      onReady={(u) => {
        if (u) plots.set(key, u)
        else plots.delete(key)
      }}
      label={t('trends.chartOf', { names: traces.map((trace) => trace.head.name).join(', ') })}
    />
  )
}
