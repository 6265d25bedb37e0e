/** How long history is kept: what is looked at before it is set. */
import { App, Button, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { bytes } from '../../core/format'
import { daysGoing, type Keep, retention } from '../../core/history'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

const FIELDS = ['raw_days', 'minute_days', 'hour_days'] as const

export function History() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const { data, error, reload } = useAsk('retention', retention.get)
  const [draft, setDraft] = useState<Keep | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  if (!data) return error ? <ErrorNote problem={error} retry={reload} /> : null
  const keep = draft ?? data.keep
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await work()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const set = async (days: number) => {
    await retention.set(keep, days)
    setDraft(null)
    reload()
  }
  const save = () =>
    attempt(async () => {
      const stock = (await retention.look(keep)).would_go
      const days = daysGoing(stock)
      if (!days) return set(0)
      modal.confirm({
        title: t('history.goes', { count: days }),
        content: t('history.goesText', { rows: stock.rows.toLocaleString(), size: bytes(stock.bytes), from: stock.first_day ?? '–', to: stock.last_day ?? '–' }),
        okText: t('history.delete'),
        okButtonProps: { danger: true },
        cancelText: t('common.cancel'),
        onOk: () => attempt(() => set(days)),
      })
    })
  return (
    <section className="card" id="history">
      <h2>{t('history.title')}</h2>
      <p className="muted small">{t('history.text')}</p>
      {FIELDS.map((field) => (
        <label className="form-row" key={field}>
          <span>{t(`history.${field}`)}</span>
          <InputNumber min={1} max={36500} precision={0} placeholder={t('history.forEver')} value={keep[field]} onChange={(value) => setDraft({ ...keep, [field]: value })} />
        </label>
      ))}
      <p className="muted small">{t('history.has', { days: data.has.days, rows: data.has.rows.toLocaleString(), size: bytes(data.has.bytes) })}</p>
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" disabled={!draft} onClick={save}>
        {t('common.save')}
      </Button>
    </section>
  )
}
