/** KPIs with value, unit, target and the share of good data; what cannot be computed says why. */
import { useTranslation } from 'react-i18next'
import { number, unitText } from '../core/format'
import { assetLink } from '../core/route'
import { type KpiValue, targetText } from '../core/rules'
import { Link } from './navigation'
import { inLanguage, useLanguageCode } from './preferences'
import { StateMark } from './StateMark'

export function KpiTable({ kpis, many = false }: { kpis: readonly KpiValue[]; many?: boolean }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  return (
    <table className="table kpi-table">
      <thead>
        <tr>
          {many ? <th>{t('search.asset')}</th> : null}
          <th>{t('rules.kpi')}</th>
          <th className="r">{t('rules.value')}</th>
          <th>{t('rules.field.target')}</th>
          <th className="r">{t('rules.good')}</th>
        </tr>
      </thead>
      <tbody>
        {kpis.map((one) => (
          <tr key={`${one.asset} ${one.kpi}`}>
            {many ? (
              <td className="main-cell">
                <Link href={assetLink(one.asset)}>{one.asset}</Link>
              </td>
            ) : null}
            <td className={many ? '' : 'main-cell'} {...(many ? { 'data-label': t('rules.kpi') } : {})}>
              <span title={one.expression}>{inLanguage(language, one.title, one.title_zh) || one.kpi}</span> {many ? null : <small className="faint">{one.expression}</small>}
            </td>
            <td className="r num" data-label={t('rules.value')}>
              {one.value === null ? <small className="muted">{inLanguage(language, one.why, one.why_zh)}</small> : <b>{number(one.value, 4)}</b>} {one.value === null ? null : unitText(one.unit)}
            </td>
            <td data-label={t('rules.field.target')}>
              {targetText(one) || '–'} {one.met === null ? null : <StateMark state={one.met ? 'good' : 'uncertain'} label={t(one.met ? 'rules.met' : 'rules.missed')} />}
            </td>
            <td className="r num" data-label={t('rules.good')}>
              {one.value === null ? '–' : `${number(Math.floor(one.good * 1000) / 10)} %`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
