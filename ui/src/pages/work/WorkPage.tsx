/** Work: what people do with the plant; the list of its rooms, or one of them. */
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link, usePath } from '../../components/navigation'
import { Empty } from '../../components/notes'
import { Page } from '../../components/Page'
import { routeOf, workLink } from '../../core/route'
import { roomOf, rooms } from './rooms'

export default function WorkPage() {
  const { t } = useTranslation()
  const route = routeOf(usePath())
  const [room, one] = route.page === 'work' ? [route.room, route.one] : ['', '']
  if (!room) return <WorkIndex />
  const Room = roomOf(room)?.page
  if (Room) return <Room one={one} />
  return (
    <div className="page">
      <Empty title={t('missing.title')} advice={t('work.noRoom', { room })}>
        <Link href="/work">{t('work.title')}</Link>
      </Empty>
    </div>
  )
}

function WorkIndex() {
  const { t } = useTranslation()
  return (
    <Page title={t('work.title')} sub={t('work.text')}>
      <ul className="work-rooms">
        {rooms.map(([name, room]) => (
          <li key={name}>
            <Link href={room.href ?? workLink(name)}>
              <Icon name={room.icon} size={24} />
              <strong>{t(`work.rooms.${name}`)}</strong>
              <span>{t(`work.roomsText.${name}`)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Page>
  )
}
