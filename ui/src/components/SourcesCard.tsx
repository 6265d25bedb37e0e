/** What feeds a point, and what fed it before, from when until when; nothing while only one source ever did. */
import { useTranslation } from 'react-i18next'
import { points } from '../core/calls'
import { clock } from '../core/time'
import { useAsk } from './useAsk'

export function SourcesCard({ point }: { point: string }) {
  const { t } = useTranslation()
  const { data } = useAsk(`sources:${point}`, (signal) => points.sources(point, signal))
  if (!data || data.sources.length < 2) return null
  const when = (us: number | null) => (us ? clock(us, Date.now(), { date: true }) : '–')
  return (
    <section className="card">
      <h2>{t('point.sources')}</h2>
      <table className="table tight">
        <thead>
          <tr>
            {(['sourceFrom', 'sourceUntil', 'device', 'address', 'sourceScale'] as const).map((key) => (
              <th key={key}>{t(`point.${key}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...data.sources].reverse().map((one) => (
            <tr key={`${one.device}${one.address}${one.from_us}`}>
              <td className="num">{when(one.from_us)}</td>
              <td className="num">{one.until_us ? when(one.until_us) : t('point.sourceNow')}</td>
              <td>{one.device}</td>
              <td>
                <code>{one.address}</code>
              </td>
              <td className="num">
                × {one.scale} {one.offset < 0 ? '−' : '+'} {Math.abs(one.offset)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
