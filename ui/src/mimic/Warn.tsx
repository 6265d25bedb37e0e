/** Why somebody should look: a form for each reason, beside the symbol's upper right corner. */
import type { Look } from './state'

const FORMS = {
  fault: 'M-5 -9H5L9 -5V5L5 9H-5L-9 5V-5ZM0 -5V1M0 4.500V5',
  wrong: 'M0 -9L9 0L0 9L-9 0ZM0 -4.500V1M0 4V4.500',
  look: 'M0 -8L9 8H-9ZM0 -2V3M0 5.500V6',
  bad: 'M-4 -4L4 4M4 -4L-4 4',
  stale: 'M-4 -6H4M-4 6H4M-3.500 -6C-3.500 -2 0 -2 0 0C0 2 -3.500 2 -3.500 6M3.500 -6C3.500 -2 0 -2 0 0C0 2 3.500 2 3.500 6',
  uncertain: 'M-3 -3C-3 -7 3 -7 3 -3C3 -.5 0 -.5 0 2M0 5V5.500',
  waiting: 'M-5 0H-4.500M-.2 0H.3M4.500 0H5',
} as const

export type Why = keyof typeof FORMS

/** The worst that there is to say, or nothing. */
export function whyOf({ fault, judged, condition }: Look): Why | null {
  if (fault) return 'fault'
  if (condition === 'bad') return 'bad'
  if (judged !== 'normal') return judged
  return condition === 'good' ? null : condition
}

/** `x`, `y`: the middle of the mark. */
export function Warn({ look, x, y }: { look: Look; x: number; y: number }) {
  const why = whyOf(look)
  if (!why) return null
  return (
    <g className={`sym-warn is-${why}`} transform={`translate(${x} ${y})`}>
      <circle className="sym-warn-ground" r={11} />
      <path d={FORMS[why]} />
    </g>
  )
}
