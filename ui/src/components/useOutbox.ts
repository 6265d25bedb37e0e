/** What waits in this browser for a network; of one thing, or all. */
import { useEffect, useState } from 'react'
import { outbox, type Waiting } from '../core/outbox'
import { usePreferences } from './preferences'

export function useOutbox(about?: string): readonly Waiting[] {
  const { session } = usePreferences()
  const [held, setHeld] = useState<readonly Waiting[]>(() => outbox().held())
  useEffect(() => outbox().listen(setHeld), [])
  const user = session?.user ?? ''
  useEffect(() => void outbox().begin(user), [user])
  return about === undefined ? held : held.filter((one) => one.about === about)
}
