/** Ask the lake: editor above, answer below, what was saved and what exists beside. */
import { Button, Dropdown, Input, Modal, Segmented } from 'antd'
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTrouble } from '../../components/useTrouble'
import { Icon } from '../../components/Icon'
import { navigate, useSearch } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { useCopy } from '../../components/CopyButton'
import { useTitle } from '../../components/Page'
import { useAsk } from '../../components/useAsk'
import { sql } from '../../core/calls'
import { asProblem } from '../../core/http'
import { saveAs } from '../../core/save'
import { keepQuery, savedQueries, type SavedQuery } from '../../core/savedqueries'
import { timeColumn } from '../../core/sqlchart'
import { sqlAsCurl, sqlAsPython } from '../../core/snippets'
import type { Problem, SqlResult, SqlTable } from '../../wire/api'
import { ResultTable } from './ResultTable'
import { SchemaSide } from './SchemaSide'

const SqlEditor = lazy(() => import('../../editor/SqlEditor'))
const ResultChart = lazy(() => import('./ResultChart'))

const LIMIT = 10_000
const NONE: SqlTable[] = []
const FIRST = `select time_bucket(interval '1 minute', time) as minute, name, avg(value) as mean
from telemetry
where time > now() - interval '1 hour' and severity = 'good'
group by all
order by 1 desc, 2
limit 1000`

export default function SqlPage() {
  const { t } = useTranslation()
  const copy = useCopy()
  const trouble = useTrouble()
  const search = useSearch()
  const [text, setText] = useState(() => new URLSearchParams(search).get('q') ?? FIRST)
  const [result, setResult] = useState<SqlResult | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const [view, setView] = useState<'table' | 'chart'>('table')
  const [saved, setSaved] = useState<SavedQuery[]>(savedQueries)
  const [naming, setNaming] = useState<string | null>(null)
  const running = useRef<AbortController | null>(null)
  const schema = useAsk('sql:schema', sql.schema)
  const tables = schema.data ?? NONE

  useTitle('SQL')
  useEffect(() => () => running.current?.abort(), [])

  const run = useCallback(async () => {
    running.current?.abort()
    const stop = new AbortController()
    running.current = stop
    setBusy(true)
    setProblem(null)
    navigate(`/sql?q=${encodeURIComponent(text)}`, { replace: true })
    try {
      const found = await sql.run(text, LIMIT, stop.signal)
      setResult(found)
      if (timeColumn(found.columns) < 0) setView('table')
    } catch (error) {
      if (!stop.signal.aborted) setProblem(asProblem(error))
    } finally {
      if (running.current === stop) setBusy(false)
    }
  }, [text])

  const cancel = () => {
    running.current?.abort()
    setBusy(false)
  }
  const file = async (kind: 'csv' | 'parquet') => {
    try {
      saveAs(`baigong-query.${kind}`, await sql.file(text, kind))
    } catch (error) {
      trouble(error)
    }
  }
  const drawable = result !== null && timeColumn(result.columns) >= 0
  return (
    <div className="sql">
      <SchemaSide tables={tables} problem={schema.error} saved={saved} onPick={setText} onForget={(name) => setSaved(keepQuery(name, null))} />
      <section className="sql-main">
        <div className="sql-editor">
          <Suspense fallback={<Waiting rows={5} />}>
            <SqlEditor value={text} onChange={setText} onRun={run} tables={tables} label="SQL" />
          </Suspense>
        </div>
        <div className="bar">
          {busy ? (
            <Button onClick={cancel} icon={<Icon name="close" size={16} />}>
              {t('sql.cancel')}
            </Button>
          ) : (
            <Button type="primary" icon={<Icon name="play" size={14} />} onClick={run} disabled={!text.trim()}>
              {t('sql.run')}
            </Button>
          )}
          <kbd className="wide-only">Ctrl Enter</kbd>
          {result ? (
            <span className="muted num">
              {result.truncated ? t('sql.truncated', { n: result.rows.length.toLocaleString('en-US') }) : t('sql.rows', { n: result.rows_total.toLocaleString('en-US') })} · {result.ms.toFixed(0)} ms
            </span>
          ) : null}
          <span className="grow" />
          {drawable ? (
            <Segmented
              value={view}
              onChange={(next) => setView(next as 'table' | 'chart')}
              options={[
                { value: 'table', label: t('sql.table') },
                { value: 'chart', label: t('sql.chart') },
              ]}
            />
          ) : null}
          <Button onClick={() => setNaming('')}>{t('sql.save')}</Button>
          <Dropdown
            trigger={['click']}
            menu={{
              items: [
                { key: 'csv', label: t('export.csv'), onClick: () => void file('csv') },
                { key: 'parquet', label: t('export.parquet'), onClick: () => void file('parquet') },
                { type: 'divider' },
                { key: 'link', label: t('copy.link'), onClick: () => copy(`${location.origin}/sql?q=${encodeURIComponent(text)}`) },
                { key: 'python', label: t('copy.python'), onClick: () => copy(sqlAsPython(location.origin, text)) },
                { key: 'curl', label: t('copy.curl'), onClick: () => copy(sqlAsCurl(location.origin, text)) },
              ],
            }}
          >
            <Button icon={<Icon name="download" size={16} />} aria-label={t('export.title')} />
          </Dropdown>
        </div>
        <div className="sql-result">
          {problem ? <ErrorNote problem={problem} /> : null}
          {!problem && !result && !busy ? <Empty icon="sql" title={t('sql.hint')} advice={t('sql.hintAdvice')} /> : null}
          {busy && !result ? <Waiting rows={6} /> : null}
          {!problem && result && view === 'table' ? <ResultTable result={result} /> : null}
          {!problem && result && view === 'chart' && drawable ? (
            <Suspense fallback={<Waiting rows={6} />}>
              <ResultChart result={result} />
            </Suspense>
          ) : null}
        </div>
      </section>
      <Modal
        open={naming !== null}
        title={t('sql.save')}
        okText={t('common.save')}
        cancelText={t('common.cancel')}
        okButtonProps={{ disabled: !naming?.trim() }}
        onCancel={() => setNaming(null)}
        onOk={() => {
          if (naming) setSaved(keepQuery(naming.trim(), text))
          setNaming(null)
        }}
      >
        <label className="form-row">
          <span>{t('sql.name')}</span>
          <Input autoFocus value={naming ?? ''} onChange={(e) => setNaming(e.target.value)} />
        </label>
        <p className="muted small">{t('sql.saveWhere')}</p>
      </Modal>
    </div>
  )
}
