/** The same window some time before, laid over the present one. */
import { useMemo } from 'react'
import { useSeries } from '../../components/useSeries'
import { ghostOf, type Trace } from '../../core/series'
import { durationSeconds, fixedRange, resolve } from '../../core/time'
import type { TrendState } from '../../core/trendstate'

/** `turn` grows when a moving window should be compared anew. */
export function useCompare(state: TrendState, width: number, turn: number): Trace[] {
  const seconds = state.view === 'time' ? durationSeconds(state.compare) : null
  const range = useMemo(() => {
    const { startUs, endUs } = resolve(state.range, Date.now() * 1000)
    const by = (seconds ?? 0) * 1e6
    return fixedRange(startUs - by, endUs - by)
  }, [state.range.start, state.range.end, seconds, turn])
  const names = seconds ? state.points : []
  const { traces } = useSeries(names, range, width, state.counted)
  return useMemo(() => (seconds ? traces.filter((trace) => !trace.words).map((trace) => ghostOf(trace, seconds, `−${state.compare}`)) : []), [traces, seconds, state.compare])
}
