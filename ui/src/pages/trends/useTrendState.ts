/** The state of the page is its address: back, forward, reload and a colleague's link show the same view. */
import { useCallback, useMemo } from 'react'
import { navigate, useSearch } from '../../components/navigation'
import { parseTrend, trendSearch, type TrendState } from '../../core/trendstate'

export function useTrendState(): [TrendState, (next: TrendState, push?: boolean) => void] {
  const search = useSearch()
  const state = useMemo(() => parseTrend(search), [search])
  const set = useCallback((next: TrendState, push = false) => navigate(`/trends${trendSearch(next)}`, { replace: !push }), [])
  return [state, set]
}
