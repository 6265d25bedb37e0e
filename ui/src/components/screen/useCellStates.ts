/** What each cell of an overview says just now; looked at once a second, the same map while nothing is another. */
import { useEffect, useState } from 'react'
import { reachable } from '../../core/http'
import { live } from '../../core/live'
import type { Chosen } from '../../core/screens'
import { type Cell, type CellState, pointsOfCell, stateOf } from './cells'

const EACH_MS = 1000
const NONE: ReadonlyMap<string, CellState> = new Map()

export function useCellStates(cells: readonly Cell[], chosen: Chosen): ReadonlyMap<string, CellState> {
  const [states, setStates] = useState(NONE)
  useEffect(() => {
    const names = [...new Set(cells.flatMap((cell) => pointsOfCell(cell, chosen)))]
    if (!names.length) return setStates(NONE)
    const off = live.subscribe(names, () => undefined) // also those that the filter does not show
    const look = () => {
      const now = new Map(cells.map((cell) => [cell.asset, stateOf(cell, chosen, (name) => live.latest(name), reachable())]))
      setStates((old) => (old.size === now.size && [...now].every(([asset, state]) => old.get(asset) === state) ? old : now))
    }
    look()
    const timer = setInterval(look, EACH_MS)
    return () => (off(), clearInterval(timer))
  }, [cells, chosen])
  return states
}
