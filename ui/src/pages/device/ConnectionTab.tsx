/** What the gateway knows of the link: scan classes, counters, session, certificate. */
import { useTranslation } from 'react-i18next'
import { Facts } from '../../components/Facts'
import { Link } from '../../components/navigation'
import { useLanguageCode } from '../../components/preferences'
import { splitType } from '../../core/assets'
import { bytes, count, span } from '../../core/format'
import { templateLink } from '../../core/route'
import type { DevicePage } from '../../wire/api'

const plain = (value: unknown): string => (value === null || value === undefined || value === '' ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value))

export function ConnectionTab({ page }: { page: DevicePage }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const { spec, status } = page
  // Counters are a driver's own; those that are known have words, the rest show as they are.
  const named = (key: string) => {
    if (key.startsWith('error.')) return t('device.fact.errors', { code: key.slice(6) })
    return i18n.exists(`device.fact.${key}`) ? t(`device.fact.${key}` as 'device.fact.requests') : key
  }
  const said = (key: string, value: unknown) => (key === 'mode' && i18n.exists(`device.mode.${value}`) ? t(`device.mode.${value}` as 'device.mode.poll') : plain(value))
  const secret = /password|secret|token|key/i
  return (
    <div className="cards2">
      <section className="card">
        <h2>{t('device.options')}</h2>
        <Facts
          rows={[
            [t('connect.driver'), spec.driver],
            [t('device.gateway'), spec.gateway ?? 'local'],
            ...(spec.template ? [[t('templates.template'), <Link key="template" href={`${templateLink(splitType(spec.template)[0])}?tab=devices`}>{spec.template}</Link>] as const] : []),
            ...Object.entries(spec.options ?? {}).map(([key, value]) => [key, <code key={key}>{secret.test(key) && value ? '••••••' : plain(value)}</code>] as const),
            [t('device.timeout'), `${spec.timeout_s ?? 5} s`],
            [t('device.sessions'), spec.session_budget ?? 1],
          ]}
        />
      </section>
      <section className="card">
        <h2>{t('device.scan')}</h2>
        {status.scan?.length ? (
          <table className="table tight">
            <thead>
              <tr>
                <th>{t('device.scanClass')}</th>
                <th className="r">{t('device.period')}</th>
                <th className="r">{t('device.lastScan')}</th>
                <th className="r">{t('device.late')}</th>
                <th className="r">{t('device.overruns')}</th>
              </tr>
            </thead>
            <tbody>
              {status.scan.map((row) => (
                <tr key={row.class}>
                  <td className="main-cell">{row.class}</td>
                  <td className="r num" data-label={t('device.period')}>{span(row.period_s, language)}</td>
                  <td className="r num" data-label={t('device.lastScan')}>{row.last_ms === null ? '–' : `${row.last_ms.toFixed(1)} ms`}</td>
                  <td className="r num" data-label={t('device.late')}>{row.late_p99_ms == null ? '–' : `${row.late_p99_ms.toFixed(1)} ms`}</td>
                  <td className="r num" data-label={t('device.overruns')}>{count(row.overruns, language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p className="muted">{status.state === 'connected' ? t('device.noScan') : '–'}</p>
        )}
      </section>
      <section className="card">
        <h2>{t('device.session')}</h2>
        <Facts rows={Object.entries(status.session ?? {}).map(([key, value]) => [named(key), said(key, value)] as const)} />
      </section>
      <section className="card">
        <h2>{t('device.counters')}</h2>
        <Facts rows={Object.entries(status.counters ?? {}).map(([key, value]) => [named(key), <span key={key} className="num">{key.startsWith('bytes') ? bytes(value) : value.toLocaleString('en-US')}</span>] as const)} />
      </section>
    </div>
  )
}
