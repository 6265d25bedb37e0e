/** One plot for all, or one under the other with one cursor. */
import type uPlot from 'uplot'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Band, Layers } from '../../charts/layers'
import { TrendPlot } from '../../charts/TrendPlot'
import { Waiting } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { colourOf } from '../../core/palette'
import type { Trace } from '../../core/series'
import { badIntervals, shape, simulatedIntervals } from '../../core/shape'

export interface PlotStackProps {
  traces: readonly Trace[]
  colours: readonly number[]
  stack: boolean
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
  const groups = useMemo(() => (props.stack ? props.traces.map((trace, i) => ({ traces: [trace], colours: [props.colours[i] ?? i] })) : [{ traces: props.traces, colours: props.colours }]), [props.traces, props.colours.join(), props.stack])
  if (props.loading) return <Waiting rows={8} />
  const height = props.stack ? Math.max(STACKED, Math.floor(HEIGHT / Math.max(1, props.traces.length))) : Math.max(260, Math.min(HEIGHT, window.innerHeight - 360))
  return (
    <>
      {groups.map((group, i) =>
        group.traces.length ? <One key={props.stack ? group.traces[0]?.head.name : 'all'} {...props} traces={group.traces} colours={group.colours} height={height} last={i === groups.length - 1} /> : null,
      )}
    </>
  )
}

function One({ traces, colours, fetched, view, width, episodes, marks, plots, height, onRange, onHover, onMark }: PlotStackProps & { height: number; last: boolean }) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const shaped = useMemo(() => shape(traces, fetched.from, fetched.to, width), [traces, fetched.from, fetched.to, width])
  const end = Math.min(view.to, fetched.to)
  const layers = useMemo<Layers>(
    () => ({
      gaps: traces.map((trace, i) => ({ intervals: badIntervals(trace, end), colour: colourOf(colours[i] ?? i, theme) })),
      simulated: traces.flatMap((trace) => simulatedIntervals(trace, end)),
      bands: episodes,
      marks: marks.map((s, i) => ({ s, label: i === 0 ? 'A' : 'B' })),
    }),
    [traces, colours, theme, end, episodes, marks],
  )
  const key = traces.length === 1 ? (traces[0]?.head.name ?? 'all') : 'all'
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
