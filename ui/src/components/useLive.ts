/** Live values of points, from the one feed. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { onReachable, reachable } from '../core/http'
import { live, type Sample } from '../core/live'
import type { Latest } from '../wire/api'

/** The newest sample of one point; `first` shows until the feed knows better. */
export function useLiveSample(name: string | null, first?: Latest | null): Sample | null {
  const subscribe = useCallback((tell: () => void) => (name ? live.subscribe([name], tell) : () => undefined), [name])
  const sample = useSyncExternalStore(subscribe, () => (name ? live.latest(name) : undefined))
  if (sample && (!first || sample.time_us >= first.time_us)) return sample
  return first ? sampleOf(first) : null
}

/** The API writes one `value`; a live sample keeps numbers and words apart. */
export function sampleOf({ value, time_us, quality }: Latest): Sample {
  return { time_us, quality, value: typeof value === 'number' ? value : null, text: typeof value === 'string' ? value : null }
}

/** The last `seconds` of a point as it comes in, for a spark that draws itself. */
export function useLiveRun(name: string, seconds: number, start?: { times_us: number[]; values: (number | null)[] }): { t: number[]; y: (number | null)[] } {
  const run = useRef<{ t: number[]; y: (number | null)[] }>({ t: [], y: [] })
  const [, redraw] = useState(0)
  useEffect(() => {
    run.current = { t: (start?.times_us ?? []).map((us) => us / 1e6), y: [...(start?.values ?? [])] }
    if (start) redraw((n) => n + 1) // a slow point may be silent for minutes: its past is drawn at once
    let due: ReturnType<typeof setTimeout> | null = null
    const off = live.subscribe([name], (_, sample) => {
      const { t, y } = run.current
      const s = sample.time_us / 1e6
      const last = t[t.length - 1]
      if (last !== undefined && s <= last) return
      t.push(s)
      y.push(sample.quality & 0x8000 ? null : sample.value)
      while (t.length && (t[0] ?? 0) < s - seconds) {
        t.shift()
        y.shift()
      }
      due ??= setTimeout(() => {
        due = null
        redraw((n) => n + 1)
      }, 500)
    })
    return () => {
      off()
      if (due) clearTimeout(due)
    }
  }, [name, seconds, start])
  return run.current
}

export const useReachable = (): boolean => useSyncExternalStore(onReachable, reachable)

/** A clock that ticks every `ms`, so that ages grow by themselves. */
export function useNow(ms = 1000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), ms)
    return () => clearInterval(timer)
  }, [ms])
  return now
}
