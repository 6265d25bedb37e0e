/** One symbol in its place: turned, hatched where it is not to be trusted, marked where somebody should act. */
import { memo } from 'react'
import type { SymbolName } from '../core/screens'
import { Mirrored } from './Parts'
import { hatch } from './shape'
import type { Look } from './state'
import { KINDS } from './symbols'
import { Warn } from './Warn'

export interface MimicSymbolProps {
  symbol: SymbolName
  x?: number
  y?: number
  w: number
  h: number
  turn?: number
  /** Mirrored, left to right, before it is turned. */
  flip?: boolean
  look: Look
  /** What is read aloud and shown as a tip; empty: the drawing around it says it. */
  label?: string
}

/** Inside an `<svg>`. Drawn again only when its look or place is another: see `sameLook`. */
export const MimicSymbol = memo(function MimicSymbol({ symbol, x = 0, y = 0, w, h, turn = 0, flip = false, look, label = '' }: MimicSymbolProps) {
  const { component: Drawing } = KINDS[symbol]
  const doubtful = look.condition === 'bad' || look.condition === 'stale'
  const abnormal = look.fault || look.judged === 'wrong' ? ' is-wrong' : look.judged === 'look' ? ' is-look' : ''
  return (
    <g className={`sym sym-${symbol}${abnormal} is-${look.condition}`} transform={x || y ? `translate(${x} ${y})` : undefined} {...(label ? { role: 'img', 'aria-label': label } : {})}>
      {label ? <title>{label}</title> : null}
      <g transform={turn ? `rotate(${turn} ${w / 2} ${h / 2})` : undefined}>
        {abnormal ? <rect className="sym-frame" x={-5} y={-5} width={w + 10} height={h + 10} rx={4} /> : null}
        {flip ? (
          <g transform={`translate(${w} 0) scale(-1 1)`}>
            <Mirrored.Provider value>
              <Drawing w={w} h={h} look={look} upright={-turn} />
            </Mirrored.Provider>
          </g>
        ) : (
          <Drawing w={w} h={h} look={look} upright={-turn} />
        )}
        {doubtful ? <path className="sym-hatch" d={hatch(w, h)} /> : null}
      </g>
      <Warn look={look} x={w} y={0} />
    </g>
  )
})
