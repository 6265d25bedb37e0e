/** One table: its columns and where they go, what an import would do, and the button that does it. */
import { Button, Checkbox, Input, Select } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { navigate } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { asProblem } from '../../core/http'
import { trendLink } from '../../core/route'
import { asked, changes, completed, type LookOptions, type SheetLook, type SheetPlan, sheets, type SheetTable, type SheetTemplate } from '../../core/sheets'
import type { Problem } from '../../wire/api'
import { SheetColumns } from './SheetColumns'
import { SheetPlanView } from './SheetPlanView'
import { SheetProblems } from './SheetProblems'

const QuickChart = lazy(() => import('../trends/QuickChart'))
const DRAWN = 4
const AROUND_US = 60_000_000

interface Props {
  look: SheetLook
  table: SheetTable
  options: LookOptions
  onOptions: (options: LookOptions) => void
}

export function SheetChosen({ look, table, options, onOptions }: Props) {
  const { t } = useTranslation()
  const [template, setTemplate] = useState<SheetTemplate>(() => completed({ ...table.proposal, order: options.order, decimal: options.decimal }))
  const [plan, setPlan] = useState<SheetPlan | null>(null)
  const [done, setDone] = useState<SheetPlan | null>(null)
  const [keep, setKeep] = useState(true)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const takes = template.points.length > 0 || Boolean(template.episodes) || Boolean(template.long)
  const questions = asked(table)

  useEffect(() => {
    setPlan(null)
    setProblem(null)
    if (!takes) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      sheets.preview(look.id, { template }, stop.signal).then(setPlan, (error: unknown) => !stop.signal.aborted && setProblem(asProblem(error)))
    }, 300)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [look.id, template, takes])

  const useKept = async (name: string) => {
    try {
      const [newest] = await sheets.template(name)
      if (newest?.meaning) setTemplate(completed(newest.meaning))
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const take = async () => {
    if (!plan) return
    setBusy(true)
    setProblem(null)
    try {
      setDone(await sheets.take(look.id, { template, agreed: plan.agreed, keep }))
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  if (done) {
    const names = done.points.filter((one) => !one.refused && one.values > 0).map((one) => one.point).slice(0, DRAWN)
    const [from, to] = [(done.first_us ?? 0) - AROUND_US, (done.last_us ?? 0) + AROUND_US]
    return (
      <section className="card done" aria-live="polite">
        <p className="done-line">
          <Icon name="check" /> <strong>{(done.accepted ?? 0) + (done.episodes_written ?? 0) ? t('sheets.done', { n: (done.accepted ?? 0).toLocaleString('en-US'), episodes: done.episodes_written ?? 0 }) : t('sheets.nothingNew')}</strong>
        </p>
        {names.length ? (
          <Suspense fallback={<Waiting rows={4} />}>
            <QuickChart names={names} minutes={0} span={{ from, to }} height={280} />
          </Suspense>
        ) : null}
        <div className="bar">
          {names.length ? <Button type="primary" onClick={() => navigate(trendLink(names))}>{t('add.toTrends')}</Button> : null}
          <Button onClick={() => setDone(null)}>{t('sheets.again')}</Button>
        </div>
      </section>
    )
  }
  return (
    <>
      <section className="card">
        <h2>
          {table.sheet} {table.range} {table.titles.length ? <span className="muted">{table.titles.join(' · ')}</span> : null}
        </h2>
        {questions.order || questions.decimal ? (
          <div className="bar sheet-asked" role="alert">
            {questions.order ? (
              <label>
                ⚠ {t('sheets.askOrder')} <Select size="small" popupMatchSelectWidth={false} aria-label={t('sheets.askOrder')} value={options.order} options={(['', 'dmy', 'mdy'] as const).map((value) => ({ value, label: t(`sheets.order.${value || 'none'}`) }))} onChange={(order) => onOptions({ ...options, order })} />
              </label>
            ) : null}
            {questions.decimal ? (
              <label>
                ⚠ {t('sheets.askDecimal')} <Select size="small" popupMatchSelectWidth={false} aria-label={t('sheets.askDecimal')} value={options.decimal} options={(['', '.', ','] as const).map((value) => ({ value, label: value === ',' ? '1,234 = 1.234' : '1,234 = 1234' }))} onChange={(decimal) => onOptions({ ...options, decimal })} />
              </label>
            ) : null}
          </div>
        ) : null}
        {table.templates.length ? (
          <p>
            {t('sheets.known')}{' '}
            {table.templates.map((name) => (
              <Button key={name} size="small" onClick={() => void useKept(name)}>
                {name}
              </Button>
            ))}
          </p>
        ) : null}
        <SheetColumns table={table} template={template} asset={options.asset} onChange={setTemplate} />
        {plan ? null : <SheetProblems problems={table.problems} counts={table.counts} />}
      </section>
      {problem ? <ErrorNote problem={problem} /> : null}
      {takes && !plan && !problem ? <Waiting rows={3} /> : null}
      {takes ? null : <p className="muted">{t('sheets.chooseTime')}</p>}
      {plan ? (
        <section className="card" aria-live="polite">
          <h2>{t('sheets.would')}</h2>
          <SheetPlanView plan={plan} />
          <div className="bar">
            <Checkbox checked={keep} onChange={(event) => setKeep(event.target.checked)}>
              {t('sheets.keep')}
            </Checkbox>
            {keep ? <Input size="small" className="sheet-day" aria-label={t('sheets.keepName')} value={template.template} onChange={(event) => setTemplate({ ...template, template: event.target.value })} /> : null}
            <span className="grow" />
            <Button type="primary" loading={busy} disabled={changes(plan) === 0 && !keep} onClick={() => void take()}>
              {t('sheets.agree')}
            </Button>
          </div>
        </section>
      ) : null}
    </>
  )
}
