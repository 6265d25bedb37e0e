/** Who did what, what was refused, and proof of it. */
import { Button, Input, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../components/CopyButton'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { useAsk } from '../../components/useAsk'
import { AUDIT_PAGE, type AuditLine, audit, sizeOf } from '../../core/audit'
import { AuditRow } from './AuditRow'

type Kind = 'all' | 'done' | 'refused'
const ALLOWED: Record<Kind, string> = { all: '', done: 'true', refused: 'false' }

export default function AuditPage() {
  const { t } = useTranslation()
  const [kind, setKind] = useState<Kind>('all')
  const [who, setWho] = useState('')
  const [older, setOlder] = useState<AuditLine[]>([])
  const wish = { who, allowed: ALLOWED[kind] }
  const { data, error, reload } = useAsk(`audit ${kind} ${who}`, () => audit.list(wish), older.length ? undefined : 10_000)
  const [ended, setEnded] = useState(false)
  const lines = [...(data ?? []), ...older]
  const last = lines[lines.length - 1]
  const afresh = () => {
    setOlder([])
    setEnded(false)
  }
  const more = async () => {
    const next = await audit.list({ ...wish, before: last?.seq })
    setOlder([...older, ...next])
    setEnded(next.length < AUDIT_PAGE)
  }
  return (
    <Page title={t('nav.audit')} sub={t('audit.sub')}>
      <Head />
      <section className="card">
        <div className="bar">
          <Segmented<Kind>
            value={kind}
            onChange={(next) => {
              setKind(next)
              afresh()
            }}
            options={(['all', 'done', 'refused'] as const).map((value) => ({ value, label: t(`audit.${value}`) }))}
          />
          <Input.Search
            allowClear
            className="audit-who"
            placeholder={t('audit.whoPlace')}
            aria-label={t('audit.who')}
            onSearch={(text) => {
              setWho(text.trim())
              afresh()
            }}
          />
          <Button href="/api/v1/audit/export" download="audit.ndjson">
            {t('audit.export')}
          </Button>
        </div>
        {error ? <ErrorNote problem={error} retry={reload} /> : null}
        {!data && !error ? <Waiting rows={8} /> : null}
        {data && !lines.length ? <p className="muted">{t('audit.none')}</p> : null}
        {lines.length ? (
          <div className="scroll-x">
            <table className="table tight">
              <thead>
                <tr>
                  <th className="r">{t('audit.number')}</th>
                  <th>{t('audit.when')}</th>
                  <th>{t('audit.who')}</th>
                  <th>{t('audit.what')}</th>
                  <th>{t('audit.object')}</th>
                  <th>{t('audit.decided')}</th>
                </tr>
              </thead>
              <tbody>
                {lines.map((line) => (
                  <AuditRow key={line.seq} line={line} />
                ))}
              </tbody>
            </table>
          </div>
        ) : null}
        {data && data.length === AUDIT_PAGE && !ended ? (
          <Button onClick={() => void more()}>{t('audit.more')}</Button>
        ) : null}
      </section>
    </Page>
  )
}

function Head() {
  const { t } = useTranslation()
  const { data } = useAsk('audit head', audit.head, 30_000)
  if (!data) return null
  return (
    <section className="card">
      <p>{t('audit.proof', { count: sizeOf(data.checkpoint) })}</p>
      <div className="bar">
        <code className="audit-key">{data.key}</code>
        <CopyButton text={data.key} />
      </div>
      <div className="bar">
        <Button href={`data:text/plain;charset=utf-8,${encodeURIComponent(data.checkpoint)}`} download="audit.checkpoint">
          {t('audit.keep')}
        </Button>
        <span className="muted small">{t('audit.keepWhy')}</span>
      </div>
      <p className="muted small">
        <code>baigong audit verify audit.ndjson KEY --known audit.checkpoint</code>
      </p>
    </section>
  )
}
