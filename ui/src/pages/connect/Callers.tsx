/** Who dialled in and is not a device yet: with what it said, and one press to make a device of it. */
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Link } from '../../components/navigation'
import { useAsk } from '../../components/useAsk'
import { addLink, callers } from '../../core/callers'

export function Callers() {
  const { t } = useTranslation()
  const { data } = useAsk('calls', callers.list, 5000)
  const rows = (data ?? []).flatMap((gateway) => gateway.strangers.map((stranger) => ({ ...stranger, gateway: gateway.gateway })))
  const failed = (data ?? []).flatMap((gateway) => gateway.failed)
  if (!rows.length && !failed.length) return null
  return (
    <section className="card callers" aria-labelledby="callers">
      <h2 id="callers">{t('callers.title')}</h2>
      {failed.map((why) => (
        <p key={why} className="row-error">
          {why}
        </p>
      ))}
      {rows.length ? (
        <>
          <p className="muted">{t('callers.text')}</p>
          <table className="table">
            <thead>
              <tr>
                <th>{t('callers.said')}</th>
                <th>{t('callers.from')}</th>
                <th className="r">{t('callers.count')}</th>
                <th>{t('callers.last')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.gateway}:${row.port}:${row.hex}`}>
                  <td className="main-cell">
                    <code>{row.text}</code>
                    <br />
                    <small className="muted">{row.hex}</small>
                  </td>
                  <td data-label={t('callers.from')}>
                    {row.address} → {row.gateway}:{row.port}
                  </td>
                  <td className="r num" data-label={t('callers.count')}>
                    {row.count}
                  </td>
                  <td data-label={t('callers.last')}>{row.connected ? t('callers.connected') : <Age us={row.last_us} />}</td>
                  <td>
                    <Link href={addLink(row)}>{t('callers.make')}</Link>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      ) : null}
    </section>
  )
}
