/** Machine: a housing with a window and a panel; the window is filled when it works. */
import { Body, type DrawProps, Lines, Mark } from './Parts'

export function Machine({ w, h, look }: DrawProps) {
  return (
    <>
      <Lines w={w} h={h} of="M.1 .88L.1 .97M.9 .88L.9 .97" />
      <Body w={w} h={h} look={look} of="M.02 .06L.98 .06L.98 .88L.02 .88Z" />
      <Mark w={w} h={h} look={look} of="M.1 .2L.62 .2L.62 .66L.1 .66Z" />
      <Lines w={w} h={h} of="M.7 .2L.9 .2L.9 .48L.7 .48ZM.7 .58L.9 .58M.7 .66L.9 .66" thin />
    </>
  )
}
