/** Statistics of the window, from the server; asked for when the window rests and the plot has its rows. */
import { useEffect, useMemo, useState } from 'react'
import { useAsk } from '../../components/useAsk'
import { statistics } from '../../core/calls'
import type { TrendState } from '../../core/trendstate'
import type { PointStatistics } from '../../wire/api'

const REST_MS = 350
const BINS = 48

export function useStatistics(state: TrendState, turn: number, waiting: boolean): ReadonlyMap<string, PointStatistics> | null {
  const names = state.points.join('\n')
  const bins = state.view === 'histogram' ? BINS : 0
  const wanted = names ? `statistics:${names}:${state.range.start}:${state.range.end}:${bins}` : null
  const [rested, setRested] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setRested(wanted), REST_MS)
    return () => clearTimeout(timer)
  }, [wanted])
  const { data } = useAsk(rested === wanted && wanted && !waiting ? `${wanted}:${turn}` : null, (signal) => statistics(names.split('\n'), state.range.start, state.range.end, bins, signal))
  const [kept, setKept] = useState<{ of: string | null; found: ReadonlyMap<string, PointStatistics> } | null>(null)
  const fresh = useMemo(() => (data ? new Map(data.points.map((one) => [one.name, one])) : null), [data])
  useEffect(() => {
    if (fresh) setKept({ of: wanted, found: fresh })
  }, [fresh])
  return kept?.of === wanted ? kept.found : null
}
