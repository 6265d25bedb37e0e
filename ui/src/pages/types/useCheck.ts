/** What a text would make and break, asked while it is typed; the last good answer stays until there is a new one. */
import { useEffect, useState } from 'react'
import { asProblem } from '../../core/http'
import { type TypeChanged, types } from '../../core/types'
import type { Problem } from '../../wire/api'

const PAUSE_MS = 350

export interface Checked {
  told: TypeChanged | null
  problem: Problem | null
  /** The text that `told` or `problem` is about. */
  text: string | null
}

export function useCheck(type: string, text: string, on: boolean): Checked {
  const [state, setState] = useState<Checked>({ told: null, problem: null, text: null })
  useEffect(() => {
    if (!on) return setState({ told: null, problem: null, text: null })
    const stop = new AbortController()
    const timer = setTimeout(() => {
      types.check(type, text, stop.signal).then(
        (told) => setState({ told, problem: null, text }),
        (error: unknown) => {
          if (!stop.signal.aborted) setState((old) => ({ told: old.told, problem: asProblem(error), text }))
        },
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [type, text, on])
  return state
}
