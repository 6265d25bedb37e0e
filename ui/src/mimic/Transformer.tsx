/** Transformer: two rings that overlap (IEC 60617, S00841). */
import { type DrawProps, Round } from './Parts'

export function Transformer({ w, h, look }: DrawProps) {
  const r = Math.min(w / 2 - 1, h * 0.29)
  const [top, bottom] = [h * 0.5 - r * 0.58, h * 0.5 + r * 0.58]
  return (
    <>
      <path className="sym-line" d={`M${w / 2} 0V${top - r}M${w / 2} ${bottom + r}V${h}`} />
      <Round cx={w / 2} cy={top} r={r} look={look} />
      <circle className="sym-line" cx={w / 2} cy={bottom} r={Math.max(1, r)} />
    </>
  )
}
