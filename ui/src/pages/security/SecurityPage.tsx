/** What is open, what is weak, what to do next: worst first, each with the step that helps. */
import { Button, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { CopyButton } from '../../components/CopyButton'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { count } from '../../core/format'
import { type AuditLook, counted, type Finding, type Listening, lookThrough, security } from '../../core/security'

const COLOURS = { high: 'error', medium: 'warning', low: 'default' } as const

export default function SecurityPage() {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk('security', security, 30_000)
  return (
    <Page title={t('nav.security')} sub={t('security.sub')}>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={8} /> : null}
      {data ? (
        <>
          <section className="card">
            <h2>{t('security.findings')}</h2>
            <p className="muted">
              {data.findings.length ? counted(data.findings).map(([severity, count]) => `${count} ${t(`security.${severity}`)}`).join(' · ') : t('security.none')}
            </p>
            <ul className="findings">
              {data.findings.map((one) => (
                <Row key={`${one.kind} ${one.what}`} one={one} />
              ))}
            </ul>
          </section>
          <AuditLog look={data.audit} onLooked={reload} />
          <Ports rows={data.listeners} />
        </>
      ) : null}
    </Page>
  )
}

function Row({ one }: { one: Finding }) {
  const { t } = useTranslation()
  const zh = useLanguageCode() === 'zh'
  return (
    <li className="finding">
      <Tag color={COLOURS[one.severity]}>{t(`security.${one.severity}`)}</Tag>
      <div>
        <strong>{zh ? one.title_zh : one.title}</strong>
        <p className="muted small">{zh ? one.advice_zh : one.advice}</p>
        {one.command ? (
          <p className="finding-command">
            <code>{one.command}</code> <CopyButton text={one.command} />
          </p>
        ) : null}
        {one.link ? <Link href={one.link}>{t('security.go')}</Link> : null}
      </div>
    </li>
  )
}

function AuditLog({ look, onLooked }: { look: AuditLook | null; onLooked: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const [busy, setBusy] = useState(false)
  const now = () => {
    setBusy(true)
    void lookThrough()
      .then(onLooked, trouble)
      .finally(() => setBusy(false))
  }
  return (
    <section className="card">
      <h2>{t('security.look')}</h2>
      {look ? (
        <p className={look.wrong ? 'bad' : undefined}>
          {look.wrong || t('security.lookWell', { entries: count(look.entries, language) })}{' '}
          <span className="muted">
            {t('security.lookBy', { by: look.by })} · <Age us={look.time_us} />
          </span>
        </p>
      ) : (
        <p className="muted">{t('security.lookNever')}</p>
      )}
      <Button loading={busy} onClick={now}>
        {t('security.lookNow')}
      </Button>
    </section>
  )
}

function Ports({ rows }: { rows: readonly Listening[] }) {
  const { t } = useTranslation()
  return (
    <section className="card">
      <h2>{t('security.ports')}</h2>
      <div className="scroll-x">
        <table className="table tight">
          <thead>
            <tr>
              <th>{t('security.what')}</th>
              <th>{t('security.where')}</th>
              <th>{t('security.how')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <tr key={`${one.what} ${one.port}`}>
                <td className="main-cell">{one.what}</td>
                <td className="num" data-label={t('security.where')}>
                  {one.host}:{one.port}
                </td>
                <td data-label={t('security.how')}>{one.tls ? 'TLS' : t('security.plain')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
