/** What Work leads to. A room is one line here, its words under `work.rooms` and `work.roomsText`; with `page`, it is /work/<room>. */
import { type ComponentType, lazy, type LazyExoticComponent } from 'react'
import type { IconName } from '../../components/Icon'

/** `one`: what the address names in the room, like a task; empty for its list. */
export type RoomPage = LazyExoticComponent<ComponentType<{ one: string }>>

interface Room {
  icon: IconName
  /** Where it is when that is not /work/<room>. */
  href?: string
  page?: RoomPage
}

const ROOMS = {
  tasks: { icon: 'check', page: lazy(() => import('./tasks/TasksRoom')) },
  records: { icon: 'product', page: lazy(() => import('./records/RecordsRoom')) },
  lots: { icon: 'lot', href: '/lots' },
} satisfies Record<string, Room>

export type RoomName = keyof typeof ROOMS

export const rooms = Object.entries(ROOMS) as [RoomName, Room][]

export const roomOf = (name: string): Room | null => (Object.hasOwn(ROOMS, name) ? ROOMS[name as RoomName] : null)
