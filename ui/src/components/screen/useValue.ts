/** The newest value of one reference of a screen, as it is read; asked for once a frame. */
import { useCallback, useMemo, useRef, useSyncExternalStore } from 'react'
import { shown, unitText } from '../../core/format'
import { forget, inFrame } from '../../core/frames'
import { onReachable, reachable } from '../../core/http'
import { live } from '../../core/live'
import { severity } from '../../core/quality'
import { judged, type Judged, resolved, type ScreenItem } from '../../core/screens'
import type { Condition } from '../../mimic/state'
import { useSheet } from './SheetContext'

export interface ShownValue {
  name: string
  text: string
  unit: string
  value: number | null
  condition: Condition
  judged: Judged
}

export function useValue(item: ScreenItem, ref: string | undefined): ShownValue | null {
  const { chosen, points } = useSheet()
  const name = ref === undefined ? null : resolved(ref, chosen)
  const held = useRef<ShownValue | null>(null)
  const point = name === null ? undefined : points[name]
  const unit = unitText(point?.unit ?? '')
  const subscribe = useCallback(
    (tell: () => void) => {
      if (name === null) return () => undefined
      const later = () => inFrame(tell)
      const offs = [live.subscribe([name], later), onReachable(later)]
      return () => {
        for (const off of offs) off()
        forget(tell)
      }
    },
    [name],
  )
  return useSyncExternalStore(subscribe, () => {
    if (name === null) return null
    const sample = live.latest(name)
    const grade = sample ? severity(sample.quality) : 'good'
    const made: ShownValue = {
      name,
      text: sample ? shown(sample.value, sample.text, point?.kind, point?.states) : '–',
      unit,
      value: sample?.value ?? null,
      condition: !sample ? 'waiting' : grade === 'bad' ? 'bad' : reachable() ? grade : 'stale',
      judged: sample && grade !== 'bad' ? judged(item.limits, sample.value) : 'normal',
    }
    const old = held.current
    if (!old || old.name !== made.name || old.text !== made.text || old.unit !== unit || old.condition !== made.condition || old.judged !== made.judged || old.value !== made.value) held.current = made
    return held.current
  })
}

/** Where a value lies on the scale, 0 to 1. */
export function usePart(item: ScreenItem, value: number | null | undefined): number | null {
  return useMemo(() => {
    const least = item.limits?.min ?? 0
    const most = item.limits?.max ?? 100
    return value === null || value === undefined || !Number.isFinite(value) || most === least ? null : Math.min(1, Math.max(0, (value - least) / (most - least)))
  }, [item.limits, value])
}
