/** Arrows pan, + and − zoom, Escape takes the marks away: while nothing is being typed. */
import { useEffect, useRef } from 'react'
import { nowUs, panned, resolve, zoomed } from '../../core/time'
import type { TrendState } from '../../core/trendstate'

const BUSY = 'input, textarea, select, [contenteditable="true"], [role="slider"], .ant-segmented, .ant-modal, .ant-drawer, .ant-dropdown, .ant-popover'

export function useTrendKeys(state: TrendState, onState: (next: TrendState) => void, onEscape: () => void): void {
  const now = useRef({ state, onState, onEscape })
  now.current = { state, onState, onEscape }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const held = now.current
      if (event.ctrlKey || event.metaKey || event.altKey || !held.state.points.length) return
      if (event.target instanceof Element && event.target.closest(BUSY)) return
      const { startUs, endUs } = resolve(held.state.range, nowUs())
      const part = event.shiftKey ? 0.5 : 0.1
      const go = (range: TrendState['range']) => held.onState({ ...held.state, range })
      if (event.key === 'ArrowLeft') go(panned(startUs, endUs, -part))
      else if (event.key === 'ArrowRight') go(panned(startUs, endUs, part))
      else if (event.key === '+' || event.key === '=') go(zoomed(startUs, endUs, (startUs + endUs) / 2, 0.5))
      else if (event.key === '-') go(zoomed(startUs, endUs, (startUs + endUs) / 2, 2))
      else if (event.key === 'Escape') held.onEscape()
      else return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
