/** Something that is read from the newest values of some points; asked for once a frame. */
import { useCallback, useSyncExternalStore } from 'react'
import { forget, inFrame } from '../core/frames'
import { onReachable } from '../core/http'
import { live } from '../core/live'

/** `names` and what `read` answers stay the same objects for as long as nothing is another. */
export function useLatest<T>(names: readonly string[], read: () => T): T {
  const subscribe = useCallback(
    (tell: () => void) => {
      if (!names.length) return () => undefined
      const later = () => inFrame(tell)
      const offValues = live.subscribe(names, later)
      const offServer = onReachable(later)
      return () => (offValues(), offServer(), forget(tell))
    },
    [names],
  )
  return useSyncExternalStore(subscribe, read)
}
