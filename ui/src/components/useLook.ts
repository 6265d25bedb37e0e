/** How a symbol or pipe looks just now; the same object as long as it would be drawn the same. */
import { useMemo, useRef } from 'react'
import { shown, unitText } from '../core/format'
import { reachable } from '../core/http'
import { live } from '../core/live'
import { type Chosen, resolved, type ScreenItem, type Slot } from '../core/screens'
import { type Look, lookOf, PLAIN, sameLook, type SymbolState } from '../mimic/state'
import type { PointKind } from '../wire/api'
import { useLatest } from './useLatest'

/** What must be known of a point to say its value. */
export interface Meant {
  unit: string
  kind: PointKind
  states?: Record<string, string>
}

export function useLook(item: ScreenItem, chosen: Chosen, points: Readonly<Record<string, Meant>>): Look {
  const held = useRef<Look>(PLAIN)
  const { shows, when, limits } = item
  const bound = useMemo(() => Object.entries(shows ?? {}).map(([slot, ref]) => [slot as Slot, resolved(ref, chosen)] as const), [shows, chosen])
  const names = useMemo(() => bound.map(([, name]) => name), [bound])
  return useLatest(names, () => {
    const state: SymbolState = {}
    const stale = !reachable()
    for (const [slot, name] of bound) {
      const sample = live.latest(name)
      const point = points[name]
      const text = slot === 'value' && sample ? [shown(sample.value, sample.text, point?.kind, point?.states), unitText(point?.unit ?? '')].filter(Boolean).join(' ') : ''
      state[slot] = sample ? { value: sample.value, quality: sample.quality, text, stale } : null
    }
    const look = lookOf(state, { ...(when ? { when } : {}), ...(limits ? { limits } : {}) })
    if (!sameLook(held.current, look)) held.current = look
    return held.current
  })
}
