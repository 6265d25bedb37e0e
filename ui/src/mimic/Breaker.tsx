/** Breaker: a contact between two ends with the cross of what it can break (IEC 60617, S00287); closed is filled. */
import type { DrawProps } from './Parts'
import { path } from './shape'

export function Breaker({ w, h, look }: DrawProps) {
  const open = look.open === null ? null : look.open > 0
  return (
    <>
      <path className="sym-line" d={path(w, h, 'M.5 0L.5 .2M.5 .8L.5 1')} />
      <path className={`sym-body${open === null ? '' : open ? ' is-stopped' : ' is-running'}`} d={path(w, h, 'M.15 .2L.85 .2L.85 .8L.15 .8Z')} />
      <path className="sym-line" d={path(w, h, 'M.5 .2L.5 .3M.5 .7L.5 .8')} />
      <path className="sym-line is-thin" d={path(w, h, 'M.44 .26L.56 .34M.56 .26L.44 .34')} />
      <path className="sym-line is-strong" d={path(w, h, open === false ? 'M.5 .3L.5 .7' : 'M.5 .7L.26 .36')} />
    </>
  )
}
