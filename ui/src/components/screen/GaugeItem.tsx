/** A dial from seven to five o'clock: the band of what is normal is plain, the pointer says where it stands. */
import { partOf, type ScreenItem } from '../../core/screens'
import { PLAIN } from '../../mimic/state'
import { Warn } from '../../mimic/Warn'
import { fitted } from './fitted'
import { useValue } from './useValue'

const FROM = 225
const SWEEP = 270

function spot(cx: number, cy: number, r: number, part: number): [number, number] {
  const angle = ((FROM - part * SWEEP) * Math.PI) / 180
  return [cx + r * Math.cos(angle), cy - r * Math.sin(angle)]
}

function arc(cx: number, cy: number, r: number, from: number, to: number): string {
  const [x0, y0] = spot(cx, cy, r, from)
  const [x1, y1] = spot(cx, cy, r, to)
  return `M${x0.toFixed(1)} ${y0.toFixed(1)}A${r} ${r} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${x1.toFixed(1)} ${y1.toFixed(1)}`
}

export function GaugeItem({ item, w, h, label }: { item: ScreenItem; w: number; h: number; label: string }) {
  const shown = useValue(item, item.shows?.value)
  const wanted = useValue(item, item.shows?.set_point)
  const part = partOf(item.limits, shown?.value)
  const want = partOf(item.limits, wanted?.value)
  const r = Math.min(w, h) / 2 - 4
  const [cx, cy] = [w / 2, h / 2]
  const condition = shown?.condition ?? 'waiting'
  const low = partOf(item.limits, item.limits?.low ?? item.limits?.low_low)
  const high = partOf(item.limits, item.limits?.high ?? item.limits?.high_high)
  const [tx, ty] = spot(cx, cy, r * 0.86, part ?? 0)
  const text = shown ? `${shown.text} ${shown.unit}` : '–'
  return (
    <g className={`scr-gauge is-${condition} is-${shown?.judged ?? 'normal'}`}>
      <path className="scr-arc" d={arc(cx, cy, r, 0, 1)} />
      {low === null ? null : <path className="scr-arc is-out" d={arc(cx, cy, r, 0, low)} />}
      {high === null ? null : <path className="scr-arc is-out" d={arc(cx, cy, r, high, 1)} />}
      {part === null || condition === 'bad' ? null : <path className="scr-pointer" d={`M${cx} ${cy}L${tx.toFixed(1)} ${ty.toFixed(1)}`} />}
      {want === null ? null : <circle className="sym-wanted" r={4} cx={spot(cx, cy, r, want)[0]} cy={spot(cx, cy, r, want)[1]} />}
      <text className="scr-number" x={cx} y={cy + r * 0.62} fontSize={fitted(text, r * 1.3, r * 0.5)} textAnchor="middle" dominantBaseline="central">
        {text}
      </text>
      {label ? (
        <text className="scr-label" x={cx} y={cy + r * 0.28} fontSize={fitted(label, r * 1.1, r * 0.3)} textAnchor="middle" dominantBaseline="central">
          {label}
        </text>
      ) : null}
      <Warn look={{ ...PLAIN, condition, judged: shown?.judged ?? 'normal' }} x={cx + r * 0.8} y={cy - r * 0.8} />
    </g>
  )
}
