/** Filter: a box with a dashed wall across (ISO 10628-2, 2.9). */
import { Body, type DrawProps } from './Parts'
import { path } from './shape'

export function Filter({ w, h, look }: DrawProps) {
  return (
    <>
      <Body w={w} h={h} look={look} of="M.03 .03L.97 .03L.97 .97L.03 .97Z" />
      <path className="sym-line is-dashed" d={path(w, h, 'M.5 .03L.5 .97')} />
      <path className="sym-line is-thin" d={path(w, h, 'M.12 .5L.36 .5M.28 .42L.36 .5L.28 .58M.64 .5L.88 .5M.8 .42L.88 .5L.8 .58')} />
    </>
  )
}
