/** Stored events, newest first: what happened to a link, a device, a setting. */
import { useTranslation } from 'react-i18next'
import { number } from '../core/format'
import { clock } from '../core/time'
import type { DeviceEvent } from '../wire/api'

export function EventList({ events }: { events: readonly DeviceEvent[] }) {
  const { t, i18n } = useTranslation()
  const word = (name: string) => (i18n.exists(`eventDetail.${name}`) ? t(`eventDetail.${name}` as 'eventDetail.device') : name.replace(/_/g, ' '))
  return (
    <ul className="events">
      {events.map((event, i) => {
        const key = `event.${event.kind.replace('.', '_')}`
        return (
          <li key={`${event.time_us}${i}`}>
            <time className="num">{clock(event.time_us, Date.now(), { ms: true })}</time>
            <span className="event-kind">{i18n.exists(key) ? t(key as 'event.link_lost') : event.kind}</span>
            <span className="event-detail">{plain(event.detail, word)}</span>
          </li>
        )
      })}
    </ul>
  )
}

function plain(detail: Record<string, unknown>, word: (name: string) => string): string {
  return Object.entries(detail ?? {})
    .filter(([, value]) => value !== null && value !== '' && typeof value !== 'object')
    .map(([key, value]) => (typeof value === 'number' && key.endsWith('_us') ? `${word(key.slice(0, -3))} ${clock(value, Date.now(), { ms: true })}` : `${word(key)} ${typeof value === 'number' ? number(value) : String(value)}`))
    .join(' · ')
}
