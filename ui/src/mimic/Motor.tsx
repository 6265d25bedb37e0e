/** Motor: a circle with its letter (IEC 60617, S00819); a bar through its shaft's end when it rests, a filled one when it turns. */
import { type DrawProps, Letters, Mark, Round } from './Parts'

export function Motor({ w, h, look, upright }: DrawProps) {
  const r = Math.min(w, h) * 0.42
  const [x, y] = [w * 0.46, h / 2]
  return (
    <>
      <Round cx={x} cy={y} r={r} look={look} />
      <Letters x={x} y={y} upright={upright} size={r} isStrong>
        M
      </Letters>
      <Mark w={w} h={h} look={look} of="M.88 .36L1 .36L1 .64L.88 .64Z" />
    </>
  )
}
