/** One record: what it says, what it refers to, where production names it, and what it said before. */
import { useTranslation } from 'react-i18next'
import { Facts } from '../../../components/Facts'
import { Link } from '../../../components/navigation'
import { ErrorNote, Waiting } from '../../../components/notes'
import { Page } from '../../../components/Page'
import { useLanguageCode } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { business, fieldText, fieldWord, type RecordKind, type RecordPage, recordId } from '../../../core/business'
import { lotLink } from '../../../core/lots'
import { workLink } from '../../../core/route'
import { clock } from '../../../core/time'

export function RecordView({ kind, source, of }: { kind: string; source: string; of: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const kinds = useAsk('business', business.overview)
  const { data, error, reload } = useAsk(`record:${kind}:${source}:${of}`, (signal) => business.one(kind, source, of, signal))
  const known = kinds.data?.kinds.find((one) => one.name === kind)
  return (
    <Page title={of} sub={`${known?.title[language] ?? kind} · ${source}`}>
      <p>
        <Link href={`${workLink('records')}?kind=${kind}`}>{t('records.title')}</Link>
      </p>
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {data && known ? <Told page={data} kind={known} /> : error ? null : <Waiting rows={6} />}
    </Page>
  )
}

function Told({ page, kind }: { page: RecordPage; kind: RecordKind }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { record } = page
  const now = Date.now()
  const named = kind.fields.filter((field) => record.fields[field.name] !== undefined)
  const refers = (name: string) => page.refers.find((one) => one.kind === kind.fields.find((field) => field.name === name)?.refers && one.key === record.fields[name])
  return (
    <>
      {record.gone_us ? <p className="note">{t('records.goneAt', { when: clock(record.gone_us, now, { date: true }) })}</p> : null}
      <section className="card">
        <Facts
          rows={[
            ...named.map((field) => {
              const told = fieldText(kind, field.name, record.fields[field.name], now)
              const other = refers(field.name)
              return [field[language], other ? <Link href={workLink('records', recordId(other))}>{[told, other.fields.title].filter(Boolean).join(' · ')}</Link> : [told, field.unit].filter(Boolean).join(' ')] as const
            }),
            ...Object.entries(record.attributes).map(([name, value]) => [name, String(value)] as const),
            [t('records.first'), clock(record.first_us, now, { date: true })],
            [t('records.changed'), clock(record.changed_us, now, { date: true })],
          ]}
        />
      </section>
      {page.episodes.length || page.lots.length ? (
        <section className="card">
          <h2>{t('records.production')}</h2>
          <ul>
            {page.episodes.map((id) => (
              <li key={id}>{id}</li>
            ))}
            {page.lots.map((lot) => (
              <li key={lot}>
                <Link href={lotLink(lot, 'forward')}>{lot}</Link>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section className="card">
        <h2>{t('records.history')}</h2>
        {page.history.length ? null : <p className="muted">{t('records.noHistory')}</p>}
        <ul>
          {page.history.map((one) => (
            <li key={`${one.changed_us}:${one.what}`}>
              <span className="num">{clock(one.changed_us, now, { date: true })}</span> {t(`records.what.${one.what as 'changed'}`)} {differences(kind, one.before, record.fields, language, now)}
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

/** What a change replaced, where it differs from what is said today. */
function differences(kind: RecordKind, before: Record<string, unknown>, today: Record<string, unknown>, language: 'en' | 'zh', now: number): string {
  const fields = (before.fields ?? {}) as Record<string, unknown>
  const names = [...new Set([...Object.keys(fields), ...Object.keys(today)])].filter((name) => fields[name] !== today[name])
  return names.map((name) => `${fieldWord(kind, name, language)}: ${fieldText(kind, name, fields[name], now) || '–'}`).join(', ')
}
