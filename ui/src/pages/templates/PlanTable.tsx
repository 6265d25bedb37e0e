/** What would become of devices, one line each: new, the same, what changes, what stays its own, what is wrong. */
import { Checkbox } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { deviceLink } from '../../core/route'
import { type Planned, saidChange } from '../../core/devicetemplates'

export interface PlanTableProps {
  lines: readonly Planned[]
  /** Which are picked; left out where all or none are written. */
  picked?: ReadonlySet<string>
  onPick?: (device: string, picked: boolean) => void
}

export function PlanTable({ lines, picked, onPick }: PlanTableProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  return (
    <table className="table plan-table">
      <thead>
        <tr>
          {onPick ? <th aria-label={t('templates.pick')} /> : <th className="r">{t('templates.line')}</th>}
          <th>{t('word.device')}</th>
          <th>{t('templates.becomes')}</th>
          <th>{t('templates.what')}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={`${line.line} ${line.device}`} className={`plan-${line.outcome}`}>
            <td className="r num" data-label={onPick ? undefined : t('templates.line')}>
              {onPick ? <Checkbox aria-label={line.device} disabled={line.outcome === 'wrong' || line.outcome === 'same'} checked={picked?.has(line.device)} onChange={(event) => onPick(line.device, event.target.checked)} /> : line.line}
            </td>
            <td className="main-cell">
              {line.outcome === 'new' || line.outcome === 'wrong' ? <b>{line.device || '–'}</b> : <Link href={deviceLink(line.device)}>{line.device}</Link>}
              {line.version ? <small className="muted"> {line.version}</small> : null}
            </td>
            <td data-label={t('templates.becomes')}>
              <span className={`plan-mark plan-mark-${line.outcome}`}>{t(`templates.outcome.${line.outcome}`)}</span>
            </td>
            <td data-label={t('templates.what')}>
              <ul className="plan-said">
                {(line.wrong ?? []).map((one, at) => (
                  <li key={at} className="bad-text">
                    {one.field ? <code>{one.field}</code> : null} {inLanguage(language, one.message, one.message_zh)}
                  </li>
                ))}
                {(line.changes ?? []).map((one) => (
                  <li key={one.what}>
                    <code>{one.what}</code> {one.outcome === 'changed' ? saidChange(one.fields) : t(`templates.did.${one.outcome}`)}
                  </li>
                ))}
                {(line.kept ?? []).map((one) => (
                  <li key={`kept ${one.what}`} className="muted">
                    {t('templates.kept')} <code>{one.what}</code> {one.outcome === 'changed' ? saidChange(one.fields) : t(`templates.own.${one.outcome}`)}
                  </li>
                ))}
                {line.outcome === 'new' ? <li className="muted">{t('templates.pointsOf', { n: line.points ?? 0, asset: line.asset })}</li> : null}
              </ul>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
