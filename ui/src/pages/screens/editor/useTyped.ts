/** A text under somebody's hands: drawn once it is whole, kept as it was typed until then. */
import { useEffect, useState } from 'react'
import { asProblem } from '../../../core/http'
import type { ScreenText } from '../../../core/screens'
import type { Problem } from '../../../wire/api'
import { drawing } from './calls'

const REST_MS = 400

export interface Typed {
  /** Null: as the drawing says. */
  text: string | null
  type: (text: string | null) => void
  problem: Problem | null
  /** Not drawn yet, or cannot be. */
  pending: boolean
}

export function useTyped(name: string, onScreen: (screen: ScreenText) => void): Typed {
  const [text, setText] = useState<string | null>(null)
  const [seen, setSeen] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => {
    if (text === null) return setProblem(null)
    const stop = new AbortController()
    const timer = setTimeout(() => {
      drawing.check(name, { text }, stop.signal).then(
        (told) => (setProblem(null), setSeen(text), onScreen(told.screen)),
        (error: unknown) => stop.signal.aborted || setProblem(asProblem(error)),
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text, name, onScreen])
  return { text, type: setText, problem, pending: text !== null && seen !== text }
}
