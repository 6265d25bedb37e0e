/** One company: its quotas, its month in figures, its bill. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Spark } from '../../charts/Spark'
import { Age } from '../../components/Age'
import { ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { maySeeCompanies } from '../../core/access'
import { amount, monthBeside, use } from '../../core/use'
import { BillCard } from './BillCard'
import { QuotaBars } from './QuotaBars'
import { QuotaTexts } from './QuotaTexts'

export function CompanyPart({ tenant }: { tenant: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const [month, setMonth] = useState('')
  const { data, error, reload } = useAsk(`use:${tenant}:${month}`, () => use.of(tenant, month), month ? 0 : 60_000)
  const quotas = useAsk(`quotas:${tenant}`, () => use.quotas(tenant))
  if (error) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting rows={8} />
  const operator = maySeeCompanies(session)
  return (
    <>
      <div className="bar">
        <Button size="small" aria-label={t('use.before')} onClick={() => setMonth(monthBeside(data.month, -1))}>
          ‹
        </Button>
        <strong className="num">{data.month}</strong>
        <Button size="small" aria-label={t('use.after')} disabled={month === ''} onClick={() => setMonth(monthBeside(data.month, 1))}>
          ›
        </Button>
        {month ? (
          <Button size="small" type="text" onClick={() => setMonth('')}>
            {t('use.present')}
          </Button>
        ) : null}
        <span className="hint">
          {t('use.lastValue')} {data.last_us ? <Age us={data.last_us} /> : t('use.never')}
        </span>
        <span className="use-spark">
          <Spark t={data.spark.map((_, i) => i)} y={data.spark} width={140} height={26} label={t('use.spark')} />
          <small>{t('use.spark')}</small>
        </span>
      </div>
      <div className="cards2">
        <section className="card">
          <h2>{t('use.quotas')}</h2>
          <QuotaBars lines={data.quotas} />
          {quotas.data ? (
            <details className="grant">
              <summary>{t('use.asWritten')}</summary>
              <QuotaTexts
                texts={quotas.data.texts}
                mayChange={operator}
                onSaved={() => {
                  quotas.reload()
                  reload()
                }}
              />
            </details>
          ) : null}
        </section>
        <section className="card">
          <h2>{t('use.figures')}</h2>
          <table className="table tight">
            <tbody>
              {data.figures.map((figure) => (
                <tr key={figure.measure}>
                  <td className="main-cell">{inLanguage(language, figure.title, figure.title_zh)}</td>
                  <td className="r num">{figure.value === null ? t('use.notMeasured') : amount(figure.measure, figure.value, language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>
      <section className="card">
        <h2>{t('use.bill', { month: data.month })}</h2>
        <BillCard key={data.month} tenant={tenant} month={data.month} mayIssue={operator} over={month !== ''} />
      </section>
    </>
  )
}
