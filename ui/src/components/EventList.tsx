/** Stored events, newest first: what happened to a link, a device, a setting. */
import { useTranslation } from 'react-i18next'
import { type Language, number } from '../core/format'
import { clock } from '../core/time'
import type { DeviceEvent, Problem } from '../wire/api'
import { inLanguage, useLanguageCode } from './preferences'

export function EventList({ events }: { events: readonly DeviceEvent[] }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const word = (name: string) => (i18n.exists(`eventDetail.${name}`) ? t(`eventDetail.${name}` as 'eventDetail.device') : name.replace(/_/g, ' '))
  const reason = (text: string) => {
    const key = `eventReason.${text.replace(/[^a-z]+/gi, '_')}`
    return i18n.exists(key) ? t(key as 'eventReason.the_device_has_no_memory') : text
  }
  return (
    <ul className="events">
      {events.map((event, i) => {
        const key = `event.${event.kind.replace('.', '_')}`
        return (
          <li key={`${event.time_us}${i}`}>
            <time className="num">{clock(event.time_us, Date.now(), { ms: true })}</time>
            <span className="event-kind">{i18n.exists(key) ? t(key as 'event.link_lost') : event.kind}</span>
            <span className="event-detail">{[fault(event.detail, language), plain(event.detail, word, reason)].filter(Boolean).join(' · ')}</span>
          </li>
        )
      })}
    </ul>
  )
}

/** The error an event carries: what it is in the reader's language, and its particulars. */
function fault(detail: Record<string, unknown>, language: Language): string {
  const error = detail.error as Partial<Problem> | null | undefined
  if (!error || typeof error !== 'object') return ''
  const said = inLanguage(language, error.title, error.title_zh)
  return said === error.title || !error.title ? said : `${said}(${error.title})`
}

const SEVERAL = 5
const NAMED = new Set(['pid', 'code', 'revision']) // numbers that count nothing

/** The first names of a list, and how many more there are. */
function several(list: readonly unknown[]): string {
  const said = list.filter((one) => typeof one !== 'object').slice(0, SEVERAL).join(', ')
  return list.length > SEVERAL ? `${said} … +${list.length - SEVERAL}` : said
}

function plain(detail: Record<string, unknown>, word: (name: string) => string, reason: (text: string) => string): string {
  return Object.entries(detail ?? {})
    .map(([key, value]) => [key, Array.isArray(value) ? several(value) : value] as const)
    .filter(([, value]) => value !== null && value !== '' && typeof value !== 'object')
    .map(([key, value]) => (typeof value === 'number' && key.endsWith('_us') ? `${word(key.slice(0, -3))} ${clock(value, Date.now(), { ms: true })}` : `${word(key)} ${typeof value === 'number' ? (NAMED.has(key) ? String(value) : number(value)) : key === 'reason' ? reason(String(value)) : String(value)}`))
    .join(' · ')
}
