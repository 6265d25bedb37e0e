/** The first point across, each other one upward. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { ScatterPlot } from '../../charts/ScatterPlot'
import { Empty, Waiting } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { unitText } from '../../core/format'
import { pairs } from '../../core/scatter'
import type { Trace } from '../../core/series'
import { fullTitle } from '../../core/spoken'
import { clock, usOf } from '../../core/time'

export function ScatterView({ traces, from, to, width, loading }: { traces: readonly Trace[]; from: number; to: number; width: number; loading: boolean }) {
  const { t } = useTranslation()
  const [x, ...others] = traces.filter((trace) => !trace.words)
  if (loading) return <Waiting rows={8} />
  if (!x || others.length === 0) return <Empty icon="trends" title={t('scatter.two')} advice={t('scatter.twoAdvice')} />
  return (
    <>
      {others.map((y) => (
        <Cloud key={y.head.name} x={x} y={y} from={from} to={to} width={width} height={others.length > 1 ? 280 : Math.max(260, Math.min(460, window.innerHeight - 360))} />
      ))}
    </>
  )
}

function Cloud({ x, y, from, to, width, height }: { x: Trace; y: Trace; from: number; to: number; width: number; height: number }) {
  const { t } = useTranslation()
  const { theme, language } = usePreferences()
  const found = useMemo(() => pairs(x, y, from, to, width), [x, y, from, to, width])
  const label = (trace: Trace) => `${fullTitle(language, trace.head)} ${unitText(trace.head.unit)}`
  const time = (s: number | undefined) => (s === undefined ? '' : clock(usOf(s), Date.now()))
  return (
    <div className="scatter-view">
      <ScatterPlot pairs={found} xLabel={label(x)} yLabel={label(y)} yShort={`${y.head.title || y.head.name} ${unitText(y.head.unit)}`} theme={theme} width={width} height={height} label={t('scatter.label', { x: label(x), y: label(y) })} />
      <p className="muted small num scatter-key">
        {time(found.t[0])} <i className="scatter-ramp" aria-hidden="true" /> {time(found.t[found.t.length - 1])} · {t('scatter.pairs', { n: found.t.length.toLocaleString('en-US') })}
      </p>
    </div>
  )
}
