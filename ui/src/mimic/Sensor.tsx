/** Sensor: the instrument's balloon (ISA-5.1), what it measures written in it. */
import { type DrawProps, Letters } from './Parts'

export function Sensor({ w, h, look, upright }: DrawProps) {
  const r = Math.min(w, h) / 2 - 1
  return (
    <>
      <circle className="sym-plate" cx={w / 2} cy={h / 2} r={Math.max(1, r)} />
      <Letters x={w / 2} y={h / 2} upright={upright} size={Math.max(9, Math.min(r * 0.62, (r * 3) / Math.max(3, look.text.length)))}>
        {look.text || '–'}
      </Letters>
    </>
  )
}
