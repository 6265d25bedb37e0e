/** Ask the server, keep the last answer while asking again or while it cannot be reached. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { asProblem, onReachable } from '../core/http'
import type { Problem } from '../wire/api'

export interface Answer<T> {
  data: T | null
  error: Problem | null
  loading: boolean
  /** When `data` came, ms; older than the interval means the server has not answered since. */
  atMs: number
  reload: () => void
}

/** `key` null asks nothing. `everyMs` asks again, not while the tab is hidden. */
export function useAsk<T>(key: string | null, call: (signal: AbortSignal) => Promise<T>, everyMs = 0): Answer<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; error: Problem | null; loading: boolean; atMs: number }>({ key, data: null, error: null, loading: key !== null, atMs: 0 })
  const [turn, setTurn] = useState(0)
  const latest = useRef(call)
  latest.current = call
  const reload = useCallback(() => setTurn((n) => n + 1), [])

  useEffect(() => {
    if (key === null) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    setState((old) => (old.key === key ? { ...old, loading: true } : { key, data: null, error: null, loading: true, atMs: 0 }))
    const once = async () => {
      if (!document.hidden || everyMs === 0) {
        try {
          const data = await latest.current(stop.signal)
          if (!stop.signal.aborted) setState({ key, data, error: null, loading: false, atMs: Date.now() })
        } catch (error) {
          if (stop.signal.aborted) return
          setState((old) => ({ ...old, key, error: asProblem(error), loading: false }))
        }
      }
      if (everyMs > 0 && !stop.signal.aborted) timer = setTimeout(once, everyMs)
    }
    void once()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [key, everyMs, turn])

  // What failed because nobody was there is asked again once somebody is.
  const lost = state.error?.code === 'client.offline'
  useEffect(() => (lost ? onReachable((online) => online && reload()) : undefined), [lost, reload])

  const mine = state.key === key
  return { data: mine ? state.data : null, error: mine ? state.error : null, loading: mine ? state.loading : true, atMs: state.atMs, reload }
}
