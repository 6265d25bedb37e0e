/** Records of a kind, searched; snapshots that wait for somebody above them. */
import { Button, Checkbox, Segmented } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/Icon'
import { Link, navigate, useSearch } from '../../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../../components/notes'
import { Page } from '../../../components/Page'
import { useLanguageCode, usePreferences } from '../../../components/preferences'
import { SearchField } from '../../../components/SearchField'
import { useAsk } from '../../../components/useAsk'
import { useTrouble } from '../../../components/useTrouble'
import { business, type BusinessRecord, fieldText, fieldWord, PAGE, recordId, type RecordKind } from '../../../core/business'
import { workLink } from '../../../core/route'
import { HeldRuns } from './HeldRuns'
import { ImportRecords } from './ImportRecords'

const FIELDS = 6

export function RecordList() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const language = useLanguageCode()
  const asked = new URLSearchParams(useSearch())
  const [search, setSearch] = useState('')
  const [gone, setGone] = useState(false)
  const [bringing, setBringing] = useState(false)
  const { data, error, reload } = useAsk('business', business.overview, 30_000)
  const many = (name: string) => data?.counts.reduce((sum, one) => sum + (one.kind === name ? one.there : 0), 0) ?? 0
  const kind = data?.kinds.find((one) => one.name === asked.get('kind')) ?? data?.kinds.find((one) => many(one.name)) ?? data?.kinds[0]
  return (
    <Page
      title={t('records.title')}
      sub={t('records.text')}
      tools={
        session?.may?.company.includes('ingest') ? (
          <Button icon={<Icon name="plus" size={16} />} onClick={() => setBringing(true)}>
            {t('records.bring')}
          </Button>
        ) : null
      }
    >
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && kind ? (
        <>
          <HeldRuns held={data.held} kinds={data.kinds} changed={reload} />
          <div className="bar">
            <Segmented value={kind.name} onChange={(name) => navigate(`${workLink('records')}?kind=${name}`, { replace: true })} options={data.kinds.map((one) => ({ value: one.name, label: `${one.title[language]} ${many(one.name) || ''}`.trim() }))} aria-label={t('records.kind')} />
            <SearchField className="tool-search" label={t('records.search')} onSearch={setSearch} />
            <Checkbox checked={gone} onChange={(e) => setGone(e.target.checked)}>
              {t('records.gone')}
            </Checkbox>
          </div>
          <Rows key={`${kind.name}:${search}:${gone}`} kind={kind} search={search} gone={gone} />
          {bringing ? <ImportRecords kind={kind} close={() => setBringing(false)} done={reload} /> : null}
        </>
      ) : null}
    </Page>
  )
}

function Rows({ kind, search, gone }: { kind: RecordKind; search: string; gone: boolean }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const { data, error, reload } = useAsk(`records:${kind.name}:${search}:${gone}`, (signal) => business.list(kind.name, search, gone, null, signal))
  const [more, setMore] = useState<BusinessRecord[]>([])
  const [whole, setWhole] = useState(false)
  useEffect(() => setMore([]), [data])
  if (error && !data) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting rows={6} />
  const rows = [...data, ...more]
  if (!rows.length) return <Empty icon="search" title={t(search ? 'records.noneFound' : 'records.none')} advice={search ? undefined : t('records.noneText')} />
  const names = kind.fields.map((one) => one.name).filter((name) => rows.some((row) => row.fields[name] !== undefined && row.fields[name] !== row.key)).slice(0, FIELDS)
  const next = () =>
    business.list(kind.name, search, gone, rows.at(-1) ?? null).then((found) => {
      setMore((old) => [...old, ...found])
      setWhole(found.length < PAGE)
    }, trouble)
  return (
    <section className="card scroll-x">
      <table className="table">
        <thead>
          <tr>
            <th>{t('records.key')}</th>
            {names.map((name) => (
              <th key={name}>{fieldWord(kind, name, language)}</th>
            ))}
            <th>{t('records.source')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={recordId(row)}>
              <td className="main-cell">
                <Link href={workLink('records', recordId(row))}>{row.key}</Link>
                {row.gone_us ? <span className="tag">{t('records.isGone')}</span> : null}
              </td>
              {names.map((name) => (
                <td key={name} data-label={fieldWord(kind, name, language)} className={typeof row.fields[name] === 'number' ? 'num' : undefined}>
                  {fieldText(kind, name, row.fields[name], Date.now())}
                </td>
              ))}
              <td className="muted" data-label={t('records.source')}>{row.source}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length % PAGE === 0 && !whole ? <Button onClick={next}>{t('records.more')}</Button> : null}
    </section>
  )
}
