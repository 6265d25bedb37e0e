/** What a counter counted day by day, and the exchange of its meter. */
import { App, Button, Input, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { unitText } from '../../core/format'
import { counters, type Exchange } from '../../core/history'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

const EMPTY = { time: '', old_end: null as number | null, new_start: 0 as number | null, note: '' }

export function CounterCard({ name, unit }: { name: string; unit: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { modal } = App.useApp()
  const days = useAsk(`increase:${name}`, () => counters.increase(name, '1d', '-7d'))
  const past = useAsk(`exchanges:${name}`, () => counters.exchanges(name))
  const [form, setForm] = useState<typeof EMPTY | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await work()
      setForm(null)
      days.reload()
      past.reload()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const when = (us: number) => new Date(us / 1000).toLocaleString(language)
  const record = (told: typeof EMPTY) =>
    attempt(() => counters.exchange(name, { ...told, time: new Date(told.time).toISOString(), new_start: told.new_start ?? 0 }))
  const takeBack = (one: Exchange) =>
    modal.confirm({
      title: t('counter.cancelTitle'),
      content: when(one.time_us),
      okText: t('counter.cancel'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => counters.cancel(name, one.time_us)),
    })
  const lost = days.data?.rows.reduce((sum, row) => sum + row.unexplained, 0) ?? 0
  return (
    <section className="card">
      <h2>{t('counter.title')}</h2>
      {days.error ? <ErrorNote problem={days.error} retry={days.reload} /> : null}
      <table className="table tight">
        <tbody>
          {days.data?.rows.map((row) => (
            <tr key={row.time_us}>
              <td>{new Date(row.time_us / 1000).toISOString().slice(0, 10)}</td>
              <td className="r num">{`${Number(row.increase.toPrecision(10))} ${unitText(unit)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lost ? <p className="muted">{t('counter.unexplained', { count: lost })}</p> : null}
      {past.data?.map((one) => (
        <p key={one.time_us} className="bar">
          <span>{t('counter.exchanged', { time: when(one.time_us), old: one.old_end ?? '–', fresh: one.new_start ?? '–' })}</span>
          <Button size="small" type="text" danger onClick={() => takeBack(one)}>
            {t('counter.cancel')}
          </Button>
        </p>
      ))}
      {problem ? <ErrorNote problem={problem} /> : null}
      {form ? (
        <div className="form-rows">
          <label className="form-row">
            <span>{t('counter.time')}</span>
            <Input type="datetime-local" step={1} value={form.time} onChange={(e) => setForm({ ...form, time: e.target.value })} />
          </label>
          <label className="form-row">
            <span>{t('counter.oldEnd')}</span>
            <InputNumber value={form.old_end} onChange={(value) => setForm({ ...form, old_end: value })} />
          </label>
          <label className="form-row">
            <span>{t('counter.newStart')}</span>
            <InputNumber value={form.new_start} onChange={(value) => setForm({ ...form, new_start: value })} />
          </label>
          <label className="form-row">
            <span>{t('counter.note')}</span>
            <Input value={form.note} onChange={(e) => setForm({ ...form, note: e.target.value })} />
          </label>
          <div className="bar">
            <Button type="primary" disabled={!form.time} onClick={() => record(form)}>
              {t('common.save')}
            </Button>
            <Button onClick={() => setForm(null)}>{t('common.cancel')}</Button>
          </div>
        </div>
      ) : (
        <Button onClick={() => setForm(EMPTY)}>{t('counter.exchange')}</Button>
      )}
    </section>
  )
}
