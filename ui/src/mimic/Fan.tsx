/** Fan: a circle with two blades, filled when it turns. */
import { type DrawProps, Round } from './Parts'
import { path } from './shape'

export function Fan({ w, h, look }: DrawProps) {
  const side = Math.min(w, h)
  const [x, y] = [(w - side) / 2, (h - side) / 2]
  const running = look.running === null ? '' : look.running ? ' is-running' : ' is-stopped'
  return (
    <>
      <path className="sym-line" d={`M0 ${h / 2}H${x}M${x + side} ${h / 2}H${w}`} />
      <Round cx={w / 2} cy={h / 2} r={side / 2 - 1} look={look} />
      <g transform={`translate(${x} ${y})`}>
        <path className={`sym-mark${running}`} d={path(side, side, 'M.5 .5C.36 .3 .36 .14 .5 .1C.64 .14 .64 .3 .5 .5ZM.5 .5C.7 .52 .82 .62 .84 .74C.72 .8 .58 .7 .5 .5ZM.5 .5C.42 .7 .28 .8 .16 .74C.18 .62 .3 .52 .5 .5Z')} />
      </g>
    </>
  )
}
