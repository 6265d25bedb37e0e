/** What the KPIs of a text would be on real assets, now. */
import { useTranslation } from 'react-i18next'
import { KpiTable } from '../../components/KpiTable'
import { ErrorNote, Waiting } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { rules } from '../../core/rules'

/** `text` null: as it is written; asked once it can be read. */
export function KpiTry({ type, text }: { type: string; text: string | null }) {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk(`kpis:${type}:${text ?? ''}`, (signal) => (text === null ? rules.ofType(type, '-24h', 'now', signal) : rules.try(type, text, '-24h', signal)))
  if (error && !data) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting />
  if (!data.kpis.length) return null
  return (
    <section className="card kpi-try">
      <h2>
        {t('rules.onAssets')} <small className="muted">{t('rules.lastDay')}</small>
      </h2>
      <KpiTable kpis={data.kpis.slice(0, 200)} many />
      {data.left_out || data.kpis.length > 200 ? <p className="muted small">{t('rules.moreAssets')}</p> : null}
    </section>
  )
}
