/** What is chosen for the variables of a screen stands in its address, so that a link shows the same. */
import { useCallback, useMemo } from 'react'
import { navigate, useSearch } from '../../components/navigation'
import type { Chosen } from '../../core/screens'

const OURS = new Set(['wall', 'next', 'every', 'tenant'])

export function useChosen(): [Chosen, (name: string, value: string) => void] {
  const search = useSearch()
  const chosen = useMemo(() => Object.fromEntries([...new URLSearchParams(search)].filter(([name]) => !OURS.has(name))), [search])
  const choose = useCallback((name: string, value: string) => {
    const asked = new URLSearchParams(location.search)
    asked.set(name, value)
    navigate(`${location.pathname}?${asked}`, { replace: true })
  }, [])
  return [chosen, choose]
}
