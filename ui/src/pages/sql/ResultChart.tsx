/** The result as a chart, when it has a time column. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { TrendPlot } from '../../charts/TrendPlot'
import { Empty } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { useSize } from '../../components/useSize'
import { colourOf } from '../../core/palette'
import type { Trace } from '../../core/series'
import { shape } from '../../core/shape'
import { sqlLines } from '../../core/sqlchart'
import type { SqlResult } from '../../wire/api'

const NOTHING = { gaps: [], simulated: [], bands: [], marks: [] }

export default function ResultChart({ result }: { result: SqlResult }) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const { ref, width } = useSize<HTMLDivElement>()
  const { traces, from, to, left } = useMemo(() => {
    const found = sqlLines(result)
    const made = found.lines.map((line): Trace => ({
      head: { name: line.name, number: '', unit: '', kind: 'gauge', rows: line.t.length, downsampled: false },
      t: Float64Array.from(line.t),
      y: Float64Array.from(line.y, (v) => v ?? Number.NaN),
      q: new Int32Array(line.t.length),
      words: null,
    }))
    const starts = found.lines.flatMap((line) => line.t[0] ?? [])
    const ends = found.lines.flatMap((line) => line.t[line.t.length - 1] ?? [])
    return { traces: made, from: Math.min(...starts), to: Math.max(...ends), left: found.left }
  }, [result])
  const shaped = useMemo(() => shape(traces, from, to, width), [traces, from, to, width])
  const colours = useMemo(() => traces.map((_, i) => i), [traces])
  return (
    <div ref={ref} className="sql-chart">
      {traces.length === 0 ? <Empty title={t('sql.noLines')} /> : null}
      {traces.length && width > 0 ? <TrendPlot traces={traces} shaped={shaped} colours={colours} layers={NOTHING} theme={theme} from={from} to={to === from ? to + 1 : to} width={width} height={320} label={t('sql.chart')} /> : null}
      <p className="chart-keys">
        {traces.map((trace, i) => (
          <span key={trace.head.name}>
            <i style={{ background: colourOf(i, theme) }} /> {trace.head.name}
          </span>
        ))}
        {left > 0 ? <span className="muted">{t('sql.moreLines', { n: left })}</span> : null}
      </p>
    </div>
  )
}
