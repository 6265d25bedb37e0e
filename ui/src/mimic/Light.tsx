/** Light: a circle with a cross (IEC 60617, S00965); rays around it when it is on. */
import { type DrawProps, Round } from './Parts'
import { path } from './shape'

const RAYS = 'M.5 .02L.5 .12M.5 .88L.5 .98M.02 .5L.12 .5M.88 .5L.98 .5M.16 .16L.23 .23M.77 .77L.84 .84M.84 .16L.77 .23M.23 .77L.16 .84'

export function Light({ w, h, look }: DrawProps) {
  const r = Math.min(w, h) * 0.3
  const d = r * 0.707
  const [x, y] = [w / 2, h / 2]
  return (
    <>
      <Round cx={x} cy={y} r={r} look={look} />
      {look.running ? <path className="sym-line" d={path(w, h, RAYS)} /> : <path className="sym-line is-thin" d={`M${x - d} ${y - d}L${x + d} ${y + d}M${x + d} ${y - d}L${x - d} ${y + d}`} />}
    </>
  )
}
