/** Four health tiles, then the platform's own numbers. */
import { useTranslation } from 'react-i18next'
import { Credentials } from '../../components/Credentials'
import { Facts } from '../../components/Facts'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { system } from '../../core/calls'
import { bytes, span } from '../../core/format'
import type { HealthTile } from '../../wire/api'
import { DiskBar } from './DiskBar'
import { Dropped } from './Dropped'
import { figure } from './figure'
import { History } from './History'
import { Networks } from './Networks'
import { Processes } from './Processes'
import { Tokens } from './Tokens'

// Of use to nobody but the program itself.
const INNER = new Set(['trimmed_to', 'recent_refusals', 'authority'])

export default function SystemPage() {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk('system', system, 2000)
  if (!data) return <Page title={t('nav.system')}>{error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={10} />}</Page>
  const words = (key: string) => {
    const full = `system.field.${key}`
    return i18n.exists(full) ? t(full as 'system.field.rows') : key.replace(/_/g, ' ')
  }
  const rows = (record: Record<string, unknown>) =>
    Object.entries(record ?? {})
      .filter(([key, value]) => (typeof value !== 'object' || value === null) && !INNER.has(key))
      .map(([key, value]) => [words(key), <span key={key} className="num">{typeof value === 'string' && i18n.exists(`system.value.${value}`) ? t(`system.value.${value}` as 'system.value.following') : figure(key, value, language)}</span>] as const)
  return (
    <Page title={t('nav.system')} sub={t('system.sub')}>
      <div className="health">
        {data.health.map((tile) => (
          <Health key={tile.tile} tile={tile} />
        ))}
      </div>
      <div className="cards3">
        <section className="card">
          <h2>{t('system.throughput')}</h2>
          <Facts rows={rows(data.throughput)} />
        </section>
        <section className="card">
          <h2>{t('system.backlog')}</h2>
          <p className="muted small">{t('system.backlogText')}</p>
          <Facts rows={rows(data.backlog)} />
          {Number(data.backlog.eta_s) > 0 ? <p>{t('pulse.eta', { span: span(Number(data.backlog.eta_s), language) })}</p> : null}
        </section>
        <section className="card">
          <h2>{t('system.disk')}</h2>
          <DiskBar disk={data.disk} />
          <Facts rows={Object.entries(data.disk).filter(([, v]) => typeof v === 'number').map(([key, value]) => [words(key), <span key={key} className="num">{bytes(value as number)}</span>] as const)} />
        </section>
        <section className="card">
          <h2>{t('system.lake')}</h2>
          <Facts rows={rows(data.lake)} />
        </section>
        <section className="card">
          <h2>{t('system.bus')}</h2>
          <Facts rows={rows(data.bus)} />
        </section>
        <section className="card">
          <h2>{t('system.mqtt')}</h2>
          <Facts rows={rows(data.mqtt)} />
        </section>
        {data.opcua ? (
          <section className="card">
            <h2>{t('opcua.title')}</h2>
            <p>
              <code>{data.opcua.url}</code>
            </p>
            <p>{t('opcua.counts', { ...data.opcua, people: data.opcua.refused_people, applications: data.opcua.refused_applications })}</p>
          </section>
        ) : null}
      </div>
      <Dropped rows={data.dropped} />
      <Processes rows={data.processes} />
      <Networks />
      <Credentials />
      <History />
      <Tokens />
    </Page>
  )
}

function Health({ tile }: { tile: HealthTile }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const advice = inLanguage(language, tile.advice, tile.advice_zh)
  return (
    <section className={`card health-tile is-${tile.state}`}>
      <header>
        <h2>{t(`system.tile.${tile.tile}`)}</h2>
        <StateMark state={tile.state} />
      </header>
      <p>{inLanguage(language, tile.detail, tile.detail_zh)}</p>
      {advice ? <p className="muted">{advice}</p> : null}
      {tile.tile === 'security' ? <Link href="/security">{t('security.sub')}</Link> : null}
    </section>
  )
}
