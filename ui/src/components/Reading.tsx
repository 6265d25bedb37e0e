/** One number with its unit, time and quality; right-click or long-press asks why. */
import { type MouseEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { shown, unitText } from '../core/format'
import { hex, isManual, isSimulated, qualityKey, severity } from '../core/quality'
import type { Sample } from '../core/live'
import type { PointKind } from '../wire/api'
import { StateMark } from './StateMark'
import { useWhy } from './WhyContext'
import { useAge } from './useAge'
import { useReachable } from './useLive'

export interface ReadingProps {
  name: string
  sample: Sample | null
  unit: string
  kind?: PointKind
  states?: Record<string, string>
  size?: 'normal' | 'large' | 'huge'
  /** After this many seconds without news the reading counts as stale; 0 never. */
  staleS?: number
}

const LONG = 11 // characters that fit in the largest size

/** Ask why from anything that stands for a point: right-click, long-press, or the context-menu key. */
export function useWhyHandlers(name: string) {
  const why = useWhy()
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const stop = () => {
    if (timer.current) clearTimeout(timer.current)
    timer.current = null
  }
  return {
    onContextMenu: (event: MouseEvent) => {
      event.preventDefault()
      why(name)
    },
    onTouchStart: () => {
      stop()
      timer.current = setTimeout(() => why(name), 550)
    },
    onTouchEnd: stop,
    onTouchMove: stop,
  }
}

export function Reading({ name, sample, unit, kind, states, size = 'normal', staleS = 0 }: ReadingProps) {
  const { t } = useTranslation()
  const handlers = useWhyHandlers(name)
  const online = useReachable()
  const { text: age, seconds } = useAge(sample?.time_us ?? null)
  const quality = sample?.quality ?? 0
  const grade = sample ? severity(quality) : 'good'
  const stale = !online || (staleS > 0 && seconds !== null && seconds > staleS)
  const text = sample ? shown(sample.value, sample.text, kind, states) : '–'
  const words = sample ? `${t(qualityKey(quality) as 'quality.good')} ${hex(quality)} · ${age}` : t('reading.none')
  return (
    <span className={`reading reading-${size} ${stale ? 'is-stale' : ''} ${text.length > LONG ? 'is-long' : ''} is-${grade}`} title={`${name}\n${words}\n${t('reading.whyHint')}`} {...handlers}>
      {grade !== 'good' ? <StateMark state={grade} word={false} size={14} /> : null}
      {grade === 'good' && stale ? <StateMark state="stale" word={false} size={14} /> : null}
      <b className="num">{text}</b>
      {unit ? <i className="unit">{unitText(unit)}</i> : null}
      {isSimulated(quality) && size === 'huge' ? <StateMark state="simulated" word={false} size={12} /> : null}
      {isManual(quality) ? <StateMark state="manual" word={false} size={12} /> : null}
    </span>
  )
}
