/** All companies that somebody may see the use of: those that need somebody first. */
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Spark } from '../../charts/Spark'
import { Age } from '../../components/Age'
import { Link } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { amount, use } from '../../core/use'
import type { CompanyUse } from '../../wire/use'

const TROUBLES = ['over', 'failing', 'silent', 'near'] as const
const MARKS = { over: 'bad', failing: 'uncertain', silent: 'stale', near: 'uncertain' } as const

export function CompaniesPart() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [search, setSearch] = useState('')
  const [trouble, setTrouble] = useState('')
  const { data, error, reload } = useAsk(`uses:${search}:${trouble}`, () => use.companies(search, trouble), 30_000)
  const row = (one: CompanyUse) => (
    <tr key={one.tenant}>
      <td className="main-cell">
        <Link href={`/use?company=${encodeURIComponent(one.tenant)}`}>{inLanguage(language, one.title, one.title_zh) || one.tenant}</Link> <code>{one.tenant}</code>
      </td>
      <td>
        <span className="use-troubles">
          {one.troubles.map((name) => (
            <StateMark key={name} state={MARKS[name as 'over']} label={t(`use.trouble.${name as 'over'}`)} />
          ))}
          {one.troubles.length ? null : '–'}
        </span>
      </td>
      <td data-label={t('use.head.fullest')}>{one.worst ? `${t(`use.quota.${one.worst.what as 'points'}`)} ${Math.round(one.worst.part * 100)} %` : '–'}</td>
      <td className="r num" data-label={t('use.head.values')}>{amount('values', one.counters.values ?? 0, language)}</td>
      <td data-label={t('use.spark')}>
        <Spark t={one.spark.map((_, i) => i)} y={one.spark} width={90} height={22} label={t('use.spark')} />
      </td>
      <td className="r num" data-label={t('use.quota.storage')}>{amount('storage', one.levels.storage_bytes ?? 0, language)}</td>
      <td className="r num" data-label={t('use.quota.points')}>{amount('points', one.levels.points ?? 0, language)}</td>
      <td className="r num" data-label={t('use.head.connected')}>
        {one.levels.devices_connected ?? 0}/{one.levels.devices ?? 0}
      </td>
      <td data-label={t('use.lastValue')}>{one.last_us ? <Age us={one.last_us} /> : t('use.never')}</td>
      <td className="r num" data-label={t('use.head.cost')}>{one.cost === null ? '–' : `${one.cost} ${one.currency}`}</td>
    </tr>
  )
  return (
    <>
      <div className="bar">
        <Input.Search allowClear className="company-search" placeholder={t('company.search')} aria-label={t('company.search')} onSearch={setSearch} />
        {TROUBLES.map((name) => (
          <Button key={name} size="small" type={trouble === name ? 'primary' : 'default'} aria-pressed={trouble === name} onClick={() => setTrouble(trouble === name ? '' : name)}>
            {t(`use.trouble.${name}`)} {data?.troubled[name] ?? 0}
          </Button>
        ))}
        <span className="hint">{data ? t('use.monthToDate', { month: data.month, total: data.total }) : ''}</span>
      </div>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && !data.companies.length ? <Empty title={t('company.none')} /> : null}
      {data?.companies.length ? (
        <section className="card scroll-x">
          <table className="table tight companies">
            <thead>
              <tr>
                <th>{t('word.tenant')}</th>
                <th>{t('use.head.trouble')}</th>
                <th>{t('use.head.fullest')}</th>
                <th className="r">{t('use.head.values')}</th>
                <th>{t('use.spark')}</th>
                <th className="r">{t('use.quota.storage')}</th>
                <th className="r">{t('use.quota.points')}</th>
                <th className="r">{t('use.head.connected')}</th>
                <th>{t('use.lastValue')}</th>
                <th className="r">{t('use.head.cost')}</th>
              </tr>
            </thead>
            <tbody>{data.companies.map(row)}</tbody>
          </table>
        </section>
      ) : null}
    </>
  )
}
