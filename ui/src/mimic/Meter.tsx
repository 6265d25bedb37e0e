/** Meter: a plate with a counter's window above and its dial below (IEC 60617, S00910). */
import { type DrawProps, Letters } from './Parts'
import { path } from './shape'

export function Meter({ w, h, look, upright }: DrawProps) {
  return (
    <>
      <path className="sym-plate" d={path(w, h, 'M.03 .03L.97 .03L.97 .97L.03 .97Z')} />
      <path className="sym-line is-thin" d={path(w, h, 'M.03 .34L.97 .34')} />
      <path className="sym-mark" d={path(w, h, 'M.4 .12L.6 .12L.6 .26L.4 .26Z')} />
      <Letters x={w / 2} y={h * 0.66} upright={upright} size={Math.max(9, Math.min(h * 0.28, (w * 1.5) / Math.max(4, look.text.length)))}>
        {look.text || '–'}
      </Letters>
    </>
  )
}
