/** Nothing is thrown away in silence. */
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { useLanguageCode } from '../../components/preferences'
import { count } from '../../core/format'
import type { SystemState } from '../../wire/api'

export function Dropped({ rows }: { rows: SystemState['dropped'] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const real = rows.filter((row) => row.count > 0)
  return (
    <section className="card">
      <h2>{t('system.dropped')}</h2>
      {real.length === 0 ? (
        <p className="muted">{t('system.droppedNone')}</p>
      ) : (
        <table className="table tight">
          <thead>
            <tr>
              <th>{t('system.what')}</th>
              <th>{t('system.where')}</th>
              <th className="r">{t('system.count')}</th>
              <th>{t('system.last')}</th>
            </tr>
          </thead>
          <tbody>
            {real.map((row) => (
              <tr key={`${row.what}${row.where}`}>
                <td className="main-cell">{row.what}</td>
                <td data-label={t('system.where')}>{row.where}</td>
                <td className="r num" data-label={t('system.count')}>{count(row.count, language)}</td>
                <td data-label={t('system.last')}>
                  {row.last_us ? <Age us={row.last_us} /> : '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
