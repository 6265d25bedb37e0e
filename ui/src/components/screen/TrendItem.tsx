/** Lines of some points over the last while, on one scale, growing as values come. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { steady, unitText } from '../../core/format'
import { resolved, type ScreenItem } from '../../core/screens'
import { stepped, type Trace, usable } from '../../core/series'
import { useSeries } from '../useSeries'
import { fitted } from './fitted'
import { useSheet } from './SheetContext'

const PAD = { left: 44, right: 8, top: 20, bottom: 18 }

export function TrendItem({ item, w, h }: { item: ScreenItem; w: number; h: number }) {
  const { t } = useTranslation()
  const { chosen, points, pastOf } = useSheet()
  const span = item.span || '1h'
  const names = useMemo(() => (item.lines ?? []).map((ref) => resolved(ref, chosen)).filter((name) => name in points), [item.lines, chosen, points])
  const range = useMemo(() => ({ start: `-${span}`, end: 'now' }), [span])
  const { traces, from, to } = useSeries(names, range, names.length ? Math.round(w) : 0, undefined, pastOf?.(item.id))
  const width = Math.max(10, w - PAD.left - PAD.right)
  const height = Math.max(10, h - PAD.top - PAD.bottom)
  const last = Math.max(to, ...traces.map((trace) => trace.t[trace.t.length - 1] ?? 0))
  const first = last - (to - from)
  const [low, high] = useMemo(() => scaleOf(traces, item.limits?.min, item.limits?.max, first), [traces, item.limits, first])
  const x = (s: number) => PAD.left + ((s - first) / Math.max(1e-9, last - first)) * width
  const y = (v: number) => PAD.top + (1 - (v - low) / Math.max(1e-12, high - low)) * height
  const limits = [item.limits?.low_low, item.limits?.low, item.limits?.high, item.limits?.high_high].filter((v): v is number => typeof v === 'number' && v >= low && v <= high)
  return (
    <g className="scr-trend">
      <rect className="scr-box" width={w} height={h} rx={3} />
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <path className="scr-grid" d={`M${PAD.left} ${PAD.top + part * height}h${width}`} />
          {traces.length ? (
            <text className="scr-label" x={PAD.left - 5} y={PAD.top + part * height} fontSize={10} textAnchor="end" dominantBaseline="central">
              {steady(high - part * (high - low))}
            </text>
          ) : null}
        </g>
      ))}
      {limits.map((at) => (
        <path key={at} className="scr-mark is-look" d={`M${PAD.left} ${y(at)}h${width}`} />
      ))}
      {traces.map((trace) => (
        <path key={trace.head.name} className={`scr-line scr-line-${names.indexOf(trace.head.name)}`} d={lineOf(trace, first, x, y)} />
      ))}
      <text className="scr-label" x={PAD.left} y={h - 7} fontSize={10} dominantBaseline="central">
        −{span}
      </text>
      <text className="scr-label" x={w - PAD.right} y={h - 7} fontSize={10} textAnchor="end" dominantBaseline="central">
        {t('screen.now')}
      </text>
      {names.map((name, at) => {
        const point = points[name]
        const each = width / names.length
        const label = `${point?.title || name.slice(name.lastIndexOf('.') + 1)} ${unitText(point?.unit ?? '')}`
        return (
          <g key={name} transform={`translate(${PAD.left + at * each} 10)`}>
            <path className={`scr-line scr-line-${at}`} d="M0 0h14" />
            <text className="scr-label" x={18} y={0} fontSize={Math.min(11, fitted(label, each - 22, 16))} dominantBaseline="central">
              {label}
            </text>
          </g>
        )
      })}
    </g>
  )
}

function scaleOf(traces: readonly Trace[], least: number | null | undefined, most: number | null | undefined, from: number): [number, number] {
  let low = least ?? Number.POSITIVE_INFINITY
  let high = most ?? Number.NEGATIVE_INFINITY
  for (const trace of traces) {
    for (let i = 0; i < trace.y.length; i += 1) {
      const v = trace.y[i] ?? Number.NaN
      if ((trace.t[i] ?? 0) < from || !usable(trace, i)) continue
      if (typeof least !== 'number' && v < low) low = v
      if (typeof most !== 'number' && v > high) high = v
    }
  }
  if (!(low < high)) return Number.isFinite(low) && Number.isFinite(high) ? [low - 1, high + 1] : [0, 1]
  const room = (high - low) * 0.06
  return [typeof least === 'number' ? low : low - room, typeof most === 'number' ? high : high + room]
}

function lineOf(trace: Trace, from: number, x: (s: number) => number, y: (v: number) => number): string {
  let line = ''
  let pen = false
  const steps = stepped(trace)
  for (let i = 0; i < trace.t.length; i += 1) {
    const s = trace.t[i] ?? 0
    if (s < from) continue
    if (!usable(trace, i)) {
      pen = false
      continue
    }
    const [px, py] = [x(s).toFixed(1), y(trace.y[i] ?? 0).toFixed(1)]
    line += pen ? (steps ? `H${px}V${py}` : `L${px} ${py}`) : `M${px} ${py}`
    pen = true
  }
  return line
}
