/** A pipe: a line with right angles; arrows on it while something flows, no movement (ISA-101: only what is abnormal moves). */
import { memo, useMemo } from 'react'
import { arrows, lineOf, type Spot } from './routing'
import type { Look } from './state'
import { Warn } from './Warn'

export interface PipeProps {
  path: readonly Spot[]
  look: Look
  label?: string
}

/** Flows when `running` says so or, without it, while `speed` is not 0; below 0 it flows back. */
export const flowOf = ({ running, speed }: Look): -1 | 0 | 1 | null => {
  if (running === false) return 0
  if (speed !== null) return speed > 0 ? 1 : speed < 0 ? -1 : 0
  return running ? 1 : null
}

export const Pipe = memo(function Pipe({ path, look, label = '' }: PipeProps) {
  const line = useMemo(() => lineOf(path), [path])
  const tips = useMemo(() => arrows(path), [path])
  const flow = flowOf(look)
  const doubtful = look.condition === 'bad' || look.condition === 'stale'
  const [x, y] = path[Math.floor(path.length / 2)] ?? [0, 0]
  return (
    <g className={`sym sym-pipe is-${look.condition}${look.fault ? ' is-wrong' : ''}`} {...(label ? { role: 'img', 'aria-label': label } : {})}>
      {label ? <title>{label}</title> : null}
      <path className="pipe-edge" d={line} />
      <path className={`pipe-run${flow === 0 ? ' is-stopped' : flow ? ' is-running' : ''}${doubtful ? ' is-doubtful' : ''}`} d={line} />
      {flow ? tips.map((tip, at) => <path key={at} className="pipe-tip" d="M-6 -5L5 0L-6 5Z" transform={`translate(${tip.x} ${tip.y}) rotate(${flow < 0 ? tip.turn + 180 : tip.turn})`} />) : null}
      <Warn look={look} x={x} y={y} />
    </g>
  )
})
