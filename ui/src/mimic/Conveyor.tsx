/** Conveyor: a belt over two drums; arrows on it when it runs. */
import { type DrawProps, Round } from './Parts'

const PITCH = 40

export function Conveyor({ w, h, look }: DrawProps) {
  const r = Math.min(h / 2 - 1, w / 4)
  const y = h / 2
  const running = look.running === null ? '' : look.running ? ' is-running' : ' is-stopped'
  const n = Math.max(1, Math.floor((w - 4 * r) / PITCH))
  const way = (look.speed ?? 1) < 0 ? -1 : 1
  const arrows = Array.from({ length: n }, (_, i) => {
    const x = 2 * r + ((w - 4 * r) * (i + 0.5)) / n
    const size = Math.min(r * 0.6, 7)
    return `M${x - way * size} ${y - size}L${x + way * size} ${y}L${x - way * size} ${y + size}Z`
  })
  return (
    <>
      <rect className={`sym-body${running}`} x={1} y={y - r} width={w - 2} height={2 * r} rx={r} />
      <Round cx={1 + r} cy={y} r={r * 0.62} look={look} />
      <Round cx={w - 1 - r} cy={y} r={r * 0.62} look={look} />
      <path className={`sym-mark${running}`} d={arrows.join('')} />
    </>
  )
}
