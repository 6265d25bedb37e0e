/** The overview strip under the plot: some eight times the window, fetched once and again when the window leaves it. */
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Brush } from '../../charts/Brush'
import { usePreferences } from '../../components/preferences'
import { useSeries } from '../../components/useSeries'
import { fixedRange, type TimeRange, usOf } from '../../core/time'

const TIMES = 8

/** `waiting`: the plot itself has no rows yet; what is asked for meanwhile would only keep it waiting. */
export function BrushStrip({ points, view, live, width, waiting, onRange }: { points: string[]; view: { from: number; to: number }; live: boolean; width: number; waiting: boolean; onRange: (from: number, to: number) => void }) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const [whole, setWhole] = useState(() => around(view))
  const rest = useRef<ReturnType<typeof setTimeout> | null>(null)
  const [local, setLocal] = useState<{ from: number; to: number } | null>(null)

  useEffect(() => {
    const span = view.to - view.from
    const size = whole.to - whole.from
    // While live the window creeps to the right: only far outside, or far too small, is the strip drawn anew.
    const outside = view.from < whole.from - size * 0.02 || view.to > whole.to + size * 0.05
    if (outside || span < size / 60 || span > size) setWhole(around(view))
  }, [view.from, view.to, whole])

  useEffect(() => setLocal(null), [view.from, view.to])

  const range: TimeRange = fixedRange(usOf(whole.from), usOf(whole.to))
  const { traces } = useSeries(points, range, waiting ? 0 : width)
  const move = (from: number, to: number) => {
    setLocal({ from, to })
    if (rest.current) clearTimeout(rest.current)
    rest.current = setTimeout(() => onRange(from, to), 120)
  }
  if (width === 0) return null
  return <Brush traces={traces} theme={theme} whole={whole} view={local ?? view} width={width} label={live ? t('trends.brushLive') : t('trends.brush')} onRange={move} />
}

function around({ from, to }: { from: number; to: number }): { from: number; to: number } {
  const span = Math.max(to - from, 1)
  const now = Date.now() / 1000
  const end = Math.min(to + (span * (TIMES - 1)) / 2, Math.max(now + span * 0.2, to))
  return { from: end - span * TIMES, to: end }
}
