/** What an import would do: by point, each value that another one replaces, and what is left out. */
import { useTranslation } from 'react-i18next'
import { refusedKey, type SheetPlan } from '../../core/sheets'
import { SheetProblems } from './SheetProblems'

const SHOWN = 20

export function SheetPlanView({ plan }: { plan: SheetPlan }) {
  const { t } = useTranslation()
  const n = (value: number) => value.toLocaleString('en-US')
  return (
    <>
      <p role="status">
        <b>{t('sheets.plan', { new: n(plan.new), changed: n(plan.changed), same: n(plan.same) })}</b> {t('sheets.planRest', { bad: n(plan.bad), empty: n(plan.empty) })}
        {plan.episodes ? <> {t('sheets.planEpisodes', { n: n(plan.episodes), new: n(plan.episodes_new), changed: n(plan.episodes_changed) })}</> : null}
      </p>
      {plan.points.length ? (
        <table className="table sheet-points">
          <thead>
            <tr>
              <th>{t('command.point')}</th>
              <th>{t('sheets.unit')}</th>
              <th className="r">{t('sheets.values')}</th>
              <th className="r">{t('sheets.new')}</th>
              <th className="r">{t('sheets.changed')}</th>
            </tr>
          </thead>
          <tbody>
            {plan.points.map((one) => (
              <tr key={one.point}>
                <td className="main-cell">
                  {one.point} {one.exists ? null : <span className="muted small">{t('sheets.newPoint')}</span>}
                  {one.refused ? <div className="bad-text">✕ {t(refusedKey(one.refused))}</div> : null}
                </td>
                <td data-label={t('sheets.unit')}>{one.converted ? `${one.unit} → ${one.own}` : one.own || one.unit}</td>
                <td className="r" data-label={t('sheets.values')}>{n(one.values)}</td>
                <td className="r" data-label={t('sheets.new')}>{n(one.new)}</td>
                <td className="r" data-label={t('sheets.changed')}>{n(one.changed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {plan.changes.length ? (
        <ul className="sheet-changes">
          {plan.changes.slice(0, SHOWN).map((one) => (
            <li key={`${one.point}${one.time_us}`}>
              <b>{one.cell}</b> {one.point}: <del>{one.before || '–'}</del> → <ins>{one.after || '–'}</ins>
            </li>
          ))}
        </ul>
      ) : null}
      <SheetProblems problems={plan.problems} counts={plan.counts} />
    </>
  )
}
