/** Compressor: a circle whose lines draw together towards its way out (ISO 10628-2, 2.5); a wedge in it fills when it runs. */
import { type DrawProps, Round } from './Parts'

export function Compressor({ w, h, look }: DrawProps) {
  const r = Math.min(w, h) / 2 - 1
  const [x, y] = [w / 2, h / 2]
  const running = look.running === null ? '' : look.running ? ' is-running' : ' is-stopped'
  const wedge = `M${x - r * 0.7} ${y - r * 0.714}L${x + r * 0.92} ${y - r * 0.39}L${x + r * 0.92} ${y + r * 0.39}L${x - r * 0.7} ${y + r * 0.714}Z`
  return (
    <>
      <path className="sym-line" d={`M0 ${y}H${x - r}M${x + r} ${y}H${w}`} />
      <Round cx={x} cy={y} r={r} look={look} />
      <path className={`sym-mark${running}`} d={wedge} />
    </>
  )
}
