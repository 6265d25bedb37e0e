/** Traces of some points over a range: fetched at the width of the plot, grown by the live feed. */
import { useEffect, useMemo, useRef, useState } from 'react'
import { seriesArrow } from '../core/calls'
import { columnsOf } from '../core/early'
import { asProblem, onReachable } from '../core/http'
import { live, type Sample } from '../core/live'
import { type Trace, withTail } from '../core/series'
import { isLive, nowUs, resolve, secondsOf, type TimeRange } from '../core/time'
import { COUNTED, type Counted } from '../core/trendstate'
import type { Problem } from '../wire/api'

export interface SeriesAnswer {
  /** In the order of the points asked for; a point without an answer yet is missing. */
  traces: Trace[]
  /** Seconds: what the traces were fetched for. */
  from: number
  to: number
  loading: boolean
  error: Problem | null
  /** From asking to decoded, ms. */
  tookMs: number
  reload: () => void
}

interface Kept {
  key: string
  byName: Map<string, Trace>
  from: number
  to: number
}

const REFRESH_MS = 30_000
const TAIL_MS = 500

const NONE: Record<string, Counted> = {}

/** `counted`: counters of which the increase or the rate is drawn; the live feed adds nothing to these. `ask`: who is asked. */
export function useSeries(names: readonly string[], range: TimeRange, width: number, counted: Record<string, Counted> = NONE, ask: typeof seriesArrow = seriesArrow): SeriesAnswer {
  const [kept, setKept] = useState<Kept>({ key: '', byName: new Map(), from: 0, to: 0 })
  const [state, setState] = useState<{ loading: boolean; error: Problem | null; tookMs: number }>({ loading: true, error: null, tookMs: 0 })
  const [turn, setTurn] = useState(0)
  const columns = columnsOf(width)
  const drawn = JSON.stringify(counted)
  const key = `${range.start}|${range.end}|${columns}|${turn}|${drawn}`
  const list = names.join('\n')
  const held = useRef(kept)
  held.current = kept

  useEffect(() => {
    if (width === 0) return
    const wanted = list ? list.split('\n') : []
    const fresh = held.current.key !== key
    const missing = fresh ? wanted : wanted.filter((name) => !held.current.byName.has(name))
    if (missing.length === 0) {
      setState((old) => ({ ...old, loading: false, error: null }))
      return
    }
    const stop = new AbortController()
    const asked = performance.now()
    const window_ = resolve(range, nowUs())
    setState((old) => ({ ...old, loading: true }))
    const load = async () => {
      try {
        const groups = (['value', ...COUNTED] as const).map((as) => ({ as, names: missing.filter((name) => (counted[name] ?? 'value') === as) })).filter((group) => group.names.length)
        const [raws, { decodeSeries }] = await Promise.all([Promise.all(groups.map((group) => ask(group.names, range.start, range.end, columns, stop.signal, group.as))), import('../core/arrow')])
        const found = raws.flatMap((raw) => decodeSeries(raw))
        if (stop.signal.aborted) return
        const byName = new Map(fresh ? [] : held.current.byName)
        for (const trace of found) byName.set(trace.head.name, trace)
        setKept({ key, byName, from: secondsOf(window_.startUs), to: secondsOf(window_.endUs) })
        setState({ loading: false, error: null, tookMs: performance.now() - asked })
      } catch (error) {
        if (!stop.signal.aborted) setState((old) => ({ ...old, loading: false, error: asProblem(error) }))
      }
    }
    void load()
    return () => stop.abort()
  }, [key, list, width === 0])

  const lost = state.error?.code === 'client.offline'
  useEffect(() => (lost ? onReachable((online) => online && setTurn((n) => n + 1)) : undefined), [lost])

  const moving = isLive(range)
  useEffect(() => {
    if (!moving) return
    const timer = setInterval(() => {
      if (!document.hidden) setTurn((n) => n + 1)
    }, REFRESH_MS)
    return () => clearInterval(timer)
  }, [moving])

  useEffect(() => {
    if (!moving || !list) return
    const waiting = new Map<string, Sample[]>()
    const off = live.subscribe(list.split('\n'), (name, sample) => {
      const mine = waiting.get(name) ?? []
      mine.push(sample)
      waiting.set(name, mine)
    })
    const timer = setInterval(() => {
      if (waiting.size === 0 || held.current.byName.size === 0) return
      const arrived = new Map(waiting)
      waiting.clear()
      setKept((old) => {
        const byName = new Map(old.byName)
        for (const [name, samples] of arrived) {
          const trace = byName.get(name)
          if (trace && trace.head.kind !== 'text' && !counted[name]) byName.set(name, withTail(trace, samples))
        }
        return { ...old, byName }
      })
    }, TAIL_MS)
    return () => {
      off()
      clearInterval(timer)
    }
  }, [moving, list, drawn])

  const traces = useMemo(() => (list ? list.split('\n') : []).flatMap((name) => kept.byName.get(name) ?? []), [list, kept])
  return { traces, from: kept.from, to: kept.to, ...state, reload: () => setTurn((n) => n + 1) }
}
