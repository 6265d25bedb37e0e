import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { type Mark, StateMark } from '../../components/StateMark'
import { bytes } from '../../core/format'
import type { ProcessRow } from '../../wire/api'

const MARK: Record<string, Mark> = { running: 'good', ok: 'good', up: 'good', good: 'good', starting: 'connecting', down: 'down', dead: 'down', failed: 'down', restarting: 'connecting' }

export function Processes({ rows }: { rows: readonly ProcessRow[] }) {
  const { t } = useTranslation()
  return (
    <section className="card">
      <h2>{t('system.processes')}</h2>
      <table className="table tight">
        <thead>
          <tr>
            <th>{t('system.process')}</th>
            <th>{t('connect.state')}</th>
            <th className="r">{t('system.memory')}</th>
            <th className="r">CPU</th>
            <th className="r">{t('system.restarts')}</th>
            <th>{t('connect.since')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.name}${row.pid}`}>
              <td className="main-cell">
                {row.name} <small className="muted num">{row.pid}</small>
              </td>
              <td data-label={t('connect.state')}>
                <StateMark state={MARK[row.state] ?? 'unknown'} {...(MARK[row.state] ? {} : { label: row.state })} />
              </td>
              <td className="r num" data-label={t('system.memory')}>{bytes(row.rss)}</td>
              <td className="r num" data-label="CPU">{Number.isFinite(row.cpu) ? `${row.cpu.toFixed(0)} %` : '–'}</td>
              <td className="r num" data-label={t('system.restarts')}>{row.restarts}</td>
              <td data-label={t('connect.since')}>
                <Age us={row.since_us} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
