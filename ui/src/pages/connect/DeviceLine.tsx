import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { count } from '../../core/format'
import { deviceLink } from '../../core/route'
import type { DeviceRow } from '../../wire/api'

export function DeviceLine({ row }: { row: DeviceRow }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  return (
    <tr className={`is-${row.state}`}>
      <td data-label={t('connect.state')}>
        <StateMark state={row.state} />
      </td>
      <td className="main-cell">
        <Link href={deviceLink(row.device)}>{inLanguage(language, row.title, row.title_zh) || row.device}</Link>
        {row.title ? <small className="muted"> {row.device}</small> : null}
        {row.error ? (
          <p className="row-error">
            <code>{row.error.code}</code> <span title={row.error.title}>{inLanguage(language, row.error.title, row.error.title_zh)}</span>
            <span>{inLanguage(language, row.error.advice, row.error.advice_zh)}</span>
          </p>
        ) : null}
      </td>
      <td data-label={t('connect.driver')}>{row.driver}</td>
      <td className="r num" data-label={t('word.point')}>
        {row.points}
        {row.bad > 0 ? <span className="bad-count"> {t('connect.bad', { n: row.bad })}</span> : null}
      </td>
      <td className="r num" data-label={t('connect.rate')}>
        {count(row.values_s, language)} <i className="unit">{t('pulse.perSecond')}</i>
      </td>
      <td data-label={t('connect.since')}>{row.since_us ? <Age us={row.since_us} /> : '–'}</td>
    </tr>
  )
}
