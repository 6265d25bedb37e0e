/** A bar along its longer side, with marks for limits and set-point. */
import { partOf, type ScreenItem } from '../../core/screens'
import { hatch } from '../../mimic/shape'
import { PLAIN } from '../../mimic/state'
import { Warn } from '../../mimic/Warn'
import { useValue } from './useValue'

const MARKED = ['low_low', 'low', 'high', 'high_high'] as const

export function BarItem({ item, w, h }: { item: ScreenItem; w: number; h: number }) {
  const shown = useValue(item, item.shows?.value)
  const wanted = useValue(item, item.shows?.set_point)
  const part = partOf(item.limits, shown?.value)
  const want = partOf(item.limits, wanted?.value)
  const lies = w >= h
  const condition = shown?.condition ?? 'waiting'
  const mark = (at: number) => (lies ? `M${at * w} 0V${h}` : `M0 ${(1 - at) * h}H${w}`)
  return (
    <g className={`scr-bar is-${condition}`}>
      <rect className="scr-track" width={w} height={h} rx={2} />
      {part === null || condition === 'bad' ? null : <rect className={`scr-fill is-${shown?.judged ?? 'normal'}`} x={0} y={lies ? 0 : (1 - part) * h} width={lies ? part * w : w} height={lies ? h : part * h} />}
      {MARKED.map((name) => {
        const at = partOf(item.limits, item.limits?.[name])
        return at === null ? null : <path key={name} className={`scr-mark is-${name.endsWith('_low') || name.endsWith('_high') ? 'wrong' : 'look'}`} d={mark(at)} />
      })}
      {want === null ? null : <path className="sym-wanted" d={lies ? `M${want * w - 5} -5L${want * w} 3L${want * w + 5} -5Z` : `M-5 ${(1 - want) * h - 5}L3 ${(1 - want) * h}L-5 ${(1 - want) * h + 5}Z`} />}
      {condition === 'bad' || condition === 'stale' ? <path className="sym-hatch" d={hatch(w, h)} /> : null}
      <Warn look={{ ...PLAIN, condition, judged: shown?.judged ?? 'normal' }} x={w} y={0} />
    </g>
  )
}
