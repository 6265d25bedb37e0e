/** A number with its unit, or a state by its word; what it is called stands small above it. */
import type { ScreenItem } from '../../core/screens'
import { hatch } from '../../mimic/shape'
import { PLAIN } from '../../mimic/state'
import { Warn } from '../../mimic/Warn'
import { fitted } from './fitted'
import { useValue } from './useValue'

const LABEL = 0.34 // of the height

export function ValueItem({ item, w, h, label }: { item: ScreenItem; w: number; h: number; label: string }) {
  const shown = useValue(item, item.shows?.value)
  const text = shown?.text ?? '–'
  const unit = item.is === 'state' ? '' : (shown?.unit ?? '')
  const top = label ? h * LABEL : 0
  const size = fitted(`${text}  ${unit}`, w - 8, h - top)
  const y = top + (h - top) / 2
  const condition = shown?.condition ?? 'waiting'
  const doubtful = condition === 'bad' || condition === 'stale'
  return (
    <g className={`scr-value is-${condition} is-${shown?.judged ?? 'normal'}`}>
      <rect className="scr-box" width={w} height={h} rx={3} />
      {doubtful ? <path className="sym-hatch" d={hatch(w, h)} /> : null}
      {label ? (
        <text className="scr-label" x={4} y={top / 2 + 1} fontSize={fitted(label, w - 8, top, 0.8)} dominantBaseline="central">
          {label}
        </text>
      ) : null}
      <text className="scr-number" x={4} y={y} fontSize={size} dominantBaseline="central">
        {text}
        {unit ? (
          <tspan className="scr-unit" dx={size * 0.3} fontSize={size * 0.66}>
            {unit}
          </tspan>
        ) : null}
      </text>
      <Warn look={{ ...PLAIN, condition, judged: shown?.judged ?? 'normal' }} x={w} y={0} />
    </g>
  )
}
