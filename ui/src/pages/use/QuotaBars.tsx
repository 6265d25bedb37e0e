/** What a company may use and how far it has: the fullest first; colour only where somebody has to act. */
import { useTranslation } from 'react-i18next'
import { useLanguageCode } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { amount, stageOf } from '../../core/use'
import type { QuotaLine } from '../../wire/use'

export function QuotaBars({ lines }: { lines: QuotaLine[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  if (!lines.length) return <p className="hint">{t('use.noQuotas')}</p>
  return (
    <ul className="quotas">
      {lines.map((line) => {
        const stage = stageOf(line.part)
        const said = `${t(`use.level.${line.level as 'platform'}`)}${line.level === 'site' ? ` ${line.place}` : ''}`
        return (
          <li key={`${line.what}/${line.place}`}>
            <span className="quota-name">{t(`use.quota.${line.what as 'points'}`)}</span>
            <span className="num quota-of">
              {amount(line.what, line.used, language)} / {amount(line.what, line.limit, language)}
            </span>
            <span className={`quota-bar quota-${stage}`} role="img" aria-label={`${Math.round(line.part * 100)} %`}>
              <i style={{ width: `${Math.min(100, line.part * 100)}%` }} />
            </span>
            <span className="quota-state">
              {stage === 'good' ? <span className="num">{Math.round(line.part * 100)} %</span> : <StateMark state={stage} label={`${Math.round(line.part * 100)} % ${t(stage === 'bad' ? 'use.reached' : 'use.near')}`} />}
              <small>{said}</small>
            </span>
          </li>
        )
      })}
    </ul>
  )
}
