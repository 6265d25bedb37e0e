/** Live values of addresses that are not saved yet: the visible ones, asked again as soon as the last answer is read. */
import { useEffect, useRef, useState } from 'react'
import { devices, type Target } from '../../core/calls'
import { asProblem } from '../../core/http'
import type { Preview, Problem } from '../../wire/api'

const EVERY_MS = 1200
// Operation limits of small servers: never ask for more at once.
const MOST = 60

export function usePreview(target: Target, addresses: readonly string[]): { values: ReadonlyMap<string, Preview>; problem: Problem | null } {
  const [values, setValues] = useState<ReadonlyMap<string, Preview>>(new Map())
  const [problem, setProblem] = useState<Problem | null>(null)
  const wanted = useRef<readonly string[]>([])
  wanted.current = addresses.slice(0, MOST)
  const key = JSON.stringify(target)
  const any = addresses.length > 0

  useEffect(() => {
    if (!any) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const once = async () => {
      if (!document.hidden && wanted.current.length) {
        try {
          const found = await devices.preview(JSON.parse(key) as Target, [...wanted.current], stop.signal)
          if (stop.signal.aborted) return
          setValues((old) => {
            const next = new Map(old)
            for (const one of found) next.set(one.address, one)
            return next
          })
          setProblem(null)
        } catch (error) {
          if (stop.signal.aborted) return
          setProblem(asProblem(error))
        }
      }
      if (!stop.signal.aborted) timer = setTimeout(once, EVERY_MS)
    }
    timer = setTimeout(once, 80)
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [key, any])
  return { values, problem }
}
