/** Everything of one's own company as one archive; the browser saves it while it is written, here is how far it is. */
import { Button, Checkbox, Progress } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../components/useAsk'
import { taking } from '../../core/leaving'

const LOOK_MS = 1000

export function TakeOutCard() {
  const { t, i18n } = useTranslation()
  const [csv, setCsv] = useState(true)
  const [key, setKey] = useState<string | null>(null)
  const { data } = useAsk(key ? `export:${key}` : null, () => taking.progress(key ?? ''), LOOK_MS)
  const begin = () => {
    const fresh = `c${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`
    setKey(fresh)
    const link = document.createElement('a')
    link.href = taking.link(fresh, csv)
    link.download = ''
    link.click()
  }
  const number = (n: number) => n.toLocaleString(i18n.language)
  const running = key !== null && data?.state !== 'done' && data?.state !== 'stopped'
  return (
    <section className="card">
      <h2>{t('take.title')}</h2>
      <p className="muted">{t('take.text')}</p>
      <div className="bar">
        <Checkbox checked={csv} onChange={(e) => setCsv(e.target.checked)}>
          {t('take.csv')}
        </Checkbox>
        <Button onClick={begin} disabled={running}>
          {t('take.go')}
        </Button>
      </div>
      {data ? (
        <div role="status">
          <Progress
            percent={data.state === 'done' ? 100 : data.total ? Math.min(99, Math.floor((100 * data.rows) / data.total)) : 0}
            status={data.state === 'stopped' ? 'exception' : data.state === 'done' ? 'success' : 'active'}
          />
          <p className="small">
            {data.state === 'stopped' ? t('take.stopped') : data.state === 'done' ? t('take.done', { rows: number(data.rows) }) : t('take.running', { rows: number(data.rows), total: number(data.total), file: data.file })}
          </p>
        </div>
      ) : null}
    </section>
  )
}
