/** What the server says of a drawing while it changes: its text, what is missing, what its points are. */
import { useEffect, useState } from 'react'
import { asProblem } from '../../../core/http'
import type { ScreenText } from '../../../core/screens'
import type { Problem } from '../../../wire/api'
import type { ScreenWhole } from '../../../core/screencalls'
import { drawing } from './calls'

const REST_MS = 250

export interface Checked {
  told: ScreenWhole | null
  /** The drawing that `told` is about. */
  about: ScreenText | null
  problem: Problem | null
}

export function useScreenCheck(name: string, screen: ScreenText, first: ScreenWhole | null): Checked {
  const [state, setState] = useState<Checked>({ told: first, about: first?.screen ?? null, problem: null })
  useEffect(() => {
    if (state.about === screen) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      drawing.check(name, { screen }, stop.signal).then(
        (told) => setState({ told, about: screen, problem: null }),
        (error: unknown) => stop.signal.aborted || setState((old) => ({ ...old, about: screen, problem: asProblem(error) })),
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [name, screen])
  return state
}
