/** How long a value stayed where: one bar a step, bare of axes but for its ends. */
import { number } from '../core/format'

export interface BarsProps {
  /** Seconds in equal steps from `least` to `greatest`. */
  bins: readonly number[]
  least: number
  greatest: number
  mean: number | null
  unit: string
  colour: string
  label: string
  /** Share of all, for the tooltip of a bar. */
  told: (from: number, to: number, share: number) => string
}

const H = 120

export function Bars({ bins, least, greatest, mean, unit, colour, label, told }: BarsProps) {
  const most = Math.max(...bins, 1e-12)
  const all = bins.reduce((sum, n) => sum + n, 0) || 1
  const step = (greatest - least) / bins.length
  const at = mean === null || greatest <= least ? null : ((mean - least) / (greatest - least)) * bins.length
  return (
    <figure className="bars">
      <svg viewBox={`0 0 ${bins.length} ${H}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {bins.map((n, i) => (
          <rect key={i} x={i + 0.06} width={0.88} y={H - (n / most) * (H - 4)} height={(n / most) * (H - 4)} fill={colour}>
            <title>{told(least + i * step, least + (i + 1) * step, n / all)}</title>
          </rect>
        ))}
        {at === null ? null : <line x1={at} x2={at} y1={0} y2={H} className="bars-mean" vectorEffect="non-scaling-stroke" />}
      </svg>
      <figcaption className="num">
        <span>{number(least, 6)}</span>
        <span>{mean === null ? '' : `⌀ ${number(mean, 6)} ${unit}`}</span>
        <span>{number(greatest, 6)}</span>
      </figcaption>
    </figure>
  )
}
