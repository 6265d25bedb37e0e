/** A small live chart of a few points: the last minutes, or a span of the past; nothing to set. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { TrendPlot } from '../../charts/TrendPlot'
import { ErrorNote, Waiting } from '../../components/notes'
import { navigate } from '../../components/navigation'
import { usePreferences } from '../../components/preferences'
import { useNow } from '../../components/useLive'
import { useSeries } from '../../components/useSeries'
import { useSize } from '../../components/useSize'
import { colourOf } from '../../core/palette'
import { trendLink } from '../../core/route'
import { badIntervals, shape } from '../../core/shape'
import { usOf } from '../../core/time'

interface Props {
  names: string[]
  minutes: number
  height: number
  /** Microseconds; in place of the last minutes. */
  span?: { from: number; to: number }
}

export default function QuickChart({ names, minutes, height, span }: Props) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const { ref, width } = useSize<HTMLDivElement>()
  const now = useNow(1000) / 1000
  const [first, last] = [span?.from, span?.to]
  const range = useMemo(() => (first !== undefined && last !== undefined ? { start: String(first), end: String(last) } : { start: `-${minutes}min`, end: 'now' }), [minutes, first, last])
  const { traces, from, to, loading, error, reload } = useSeries(names, range, width)
  const shaped = useMemo(() => shape(traces, from, to, width), [traces, from, to, width])
  const colours = useMemo(() => traces.map((_, i) => i), [traces])
  const layers = useMemo(() => ({ gaps: traces.map((trace, i) => ({ intervals: badIntervals(trace, to), colour: colourOf(i, theme) })), simulated: [], bands: [], marks: [] }), [traces, to, theme])
  return (
    <div ref={ref} style={{ minHeight: height }}>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {loading && !traces.length ? <Waiting rows={4} /> : null}
      {traces.length && width > 0 ? (
        <TrendPlot
          traces={traces}
          shaped={shaped}
          colours={colours}
          layers={layers}
          theme={theme}
          from={first !== undefined ? first / 1e6 : now - minutes * 60}
          to={last !== undefined ? last / 1e6 : now}
          width={width}
          height={height}
          onRange={(a, b) => navigate(trendLink(names, String(usOf(a)), String(usOf(b))))}
          label={t('trends.chartOf', { names: names.join(', ') })}
        />
      ) : null}
    </div>
  )
}
