import { useTranslation } from 'react-i18next'
import { EventList } from '../../components/EventList'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { devices } from '../../core/calls'

export function EventsTab({ device }: { device: string }) {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk(`events:${device}`, () => devices.events(device, 200), 5000)
  if (error && !data) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting />
  return data.length ? <EventList events={data} /> : <Empty title={t('device.noEvents')} />
}
