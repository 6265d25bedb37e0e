/** Valve: two triangles that meet (ISO 10628-2, 2.1), filled as far as it is open; with a dome where a position is set. */
import { path } from './shape'
import type { DrawProps } from './Parts'

export function Valve({ w, h, look }: DrawProps) {
  const isSet = look.wanted !== null || (look.open !== null && look.open > 0 && look.open < 1)
  const top = 1 / 3 // the pipe's middle is two thirds down: on the grid, where the valve is
  const state = look.open === null ? '' : look.open > 0 ? ' is-running' : ' is-stopped'
  const middle = (1 + top) / 2
  return (
    <>
      <path className={`sym-body${state}`} d={path(w, h, `M.02 ${top}L.98 1L.98 ${top}L.02 1Z`)} />
      <path className="sym-line is-outside" d={path(w, h, `M.5 ${middle}L.5 .24`)} />
      <path className={isSet ? 'sym-body' : 'sym-line is-outside'} d={path(w, h, isSet ? 'M.25 .24C.25 -.06 .75 -.06 .75 .24Z' : 'M.3 .24L.7 .24')} />
      {look.open === null ? null : look.open > 0 ? (
        <path className="sym-mark is-running" d={path(w, h, `M.02 ${top}L${0.02 + 0.48 * look.open} ${top + (middle - top) * look.open}L${0.02 + 0.48 * look.open} ${1 - (1 - middle) * look.open}L.02 1Z M.98 ${top}L${0.98 - 0.48 * look.open} ${top + (middle - top) * look.open}L${0.98 - 0.48 * look.open} ${1 - (1 - middle) * look.open}L.98 1Z`)} />
      ) : (
        <path className="sym-line is-strong" d={path(w, h, `M.5 ${top}L.5 1`)} />
      )}
    </>
  )
}
