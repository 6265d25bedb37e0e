/** The newest value of one reference of a screen, as it is read; the same object as long as it would be drawn the same. */
import { useMemo, useRef } from 'react'
import { shown, unitText } from '../../core/format'
import { reachable } from '../../core/http'
import { live } from '../../core/live'
import { judged, type Judged, resolved, type ScreenItem } from '../../core/screens'
import { type Condition, conditionOf } from '../../mimic/state'
import { useLatest } from '../useLatest'
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
  const names = useMemo(() => (name === null ? [] : [name]), [name])
  return useLatest(names, () => {
    if (name === null) return null
    const sample = live.latest(name)
    const condition = conditionOf(sample ? { ...sample, stale: !reachable() } : null)
    const made: ShownValue = {
      name,
      text: sample ? shown(sample.value, sample.text, point?.kind, point?.states) : '–',
      unit,
      value: sample?.value ?? null,
      condition,
      judged: sample && condition !== 'bad' ? judged(item.limits, sample.value) : 'normal',
    }
    const old = held.current
    if (!old || old.name !== made.name || old.text !== made.text || old.unit !== unit || old.condition !== made.condition || old.judged !== made.judged || old.value !== made.value) held.current = made
    return held.current
  })
}
