/** Pump: a circle with the triangle of its way out (ISO 10628-2, 2.5), filled when it runs. */
import { type DrawProps, Round } from './Parts'

export function Pump({ w, h, look }: DrawProps) {
  const r = Math.min(w, h) / 2 - 1
  const [x, y] = [w / 2, h / 2]
  const running = look.running === null ? '' : look.running ? ' is-running' : ' is-stopped'
  return (
    <>
      <path className="sym-line" d={`M0 ${y}H${x - r}M${x + r} ${y}H${w}`} />
      <Round cx={x} cy={y} r={r} look={look} />
      <path className={`sym-mark${running}`} d={`M${x - r * 0.5} ${y - r * 0.866}L${x + r} ${y}L${x - r * 0.5} ${y + r * 0.866}Z`} />
    </>
  )
}
