/** Where somebody is signed in, each to be ended. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { browserName } from '../core/access'
import type { SessionLine } from '../wire/access'
import { Age } from './Age'

export function SessionTable({ rows, onEnd }: { rows: SessionLine[]; onEnd: (session: string) => void }) {
  const { t } = useTranslation()
  if (!rows.length) return <p className="muted">{t('access.noSessions')}</p>
  return (
    <table className="table tight sessions">
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td className="main-cell" title={row.browser}>
              {browserName(row.browser)} {row.here ? <span className="tag">{t('access.here')}</span> : null}
            </td>
            <td>
              {t(`how.${row.how as 'password'}`)}
              {row.how === 'account' ? ` ${row.what}` : ''}
              {row.factor && row.how === 'password' ? ` + ${t('how.factor')}` : ''}
            </td>
            <td>{row.address || '–'}</td>
            <td>
              <Age us={row.created_us} />
            </td>
            <td className="r">
              {row.here ? null : (
                <Button size="small" type="text" danger onClick={() => onEnd(row.id)}>
                  {t('access.end')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
