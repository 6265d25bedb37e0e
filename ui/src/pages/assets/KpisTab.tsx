/** The KPIs of an asset over a span that one chooses. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { KpiTable } from '../../components/KpiTable'
import { Link } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { RangePicker } from '../../components/RangePicker'
import { useAsk } from '../../components/useAsk'
import { splitType } from '../../core/assets'
import { rules } from '../../core/rules'
import { typeLink } from '../../core/route'
import { clock, type TimeRange } from '../../core/time'

export function KpisTab({ asset, type }: { asset: string; type: string }) {
  const { t } = useTranslation()
  const [range, setRange] = useState<TimeRange>({ start: '-24h', end: 'now' })
  const { data, error, reload } = useAsk(`kpis:${asset}:${range.start}:${range.end}`, (signal) => rules.kpis(asset, range.start, range.end, signal))
  return (
    <>
      <div className="bar">
        <RangePicker range={range} onChange={setRange} />
        <span className="grow" />
        {data ? (
          <span className="muted small num">
            {clock(data.start_us, Date.now(), { date: true })} – {clock(data.end_us, Date.now(), { date: true })}
          </span>
        ) : null}
      </div>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={4} /> : null}
      {data && !data.kpis.length ? (
        <Empty icon="trends" title={t('rules.noKpis')}>
          <Link href={typeLink(splitType(type)[0])}>{t('rules.toType', { type })}</Link>
        </Empty>
      ) : null}
      {data?.kpis.length ? <KpiTable kpis={data.kpis} /> : null}
    </>
  )
}
