/** Of each point for how long it stayed where, counted by the server from every row. */
import { useTranslation } from 'react-i18next'
import { Bars } from '../../charts/Bars'
import { Empty, Waiting } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { number, ratio, unitText } from '../../core/format'
import { colourOf } from '../../core/palette'
import { fullTitle } from '../../core/spoken'
import type { Trace } from '../../core/series'
import type { PointStatistics } from '../../wire/api'

export function HistogramView({ points, traces, found }: { points: readonly string[]; traces: readonly Trace[]; found: ReadonlyMap<string, PointStatistics> | null }) {
  const { t } = useTranslation()
  const { theme, language } = usePreferences()
  if (!found) return <Waiting rows={8} />
  const shown = points.filter((name) => (found.get(name)?.bins.length ?? 0) > 0)
  if (shown.length === 0) return <Empty icon="trends" title={t('histogram.none')} advice={t('histogram.noneAdvice')} />
  return (
    <div className="histograms">
      {shown.map((name) => {
        const one = found.get(name)
        const head = traces.find((trace) => trace.head.name === name)?.head ?? { name, unit: '' }
        if (!one || one.least === null || one.greatest === null) return null
        const unit = unitText(head.unit)
        const title = fullTitle(language, head)
        return (
          <section key={name}>
            <h3>
              {title} <i className="unit">{unit}</i>
            </h3>
            <Bars
              bins={one.bins}
              least={one.least}
              greatest={one.greatest}
              mean={one.mean}
              unit={unit}
              colour={colourOf(points.indexOf(name), theme)}
              label={t('histogram.label', { name: title })}
              told={(from, to, share) => `${number(from, 5)} – ${number(to, 5)} ${unit}: ${ratio(share)}`}
            />
          </section>
        )
      })}
    </div>
  )
}
