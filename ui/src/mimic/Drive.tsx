/** Drive (frequency converter): a box cut from corner to corner, what comes in above and what goes out below (IEC 60617, S00893). */
import { Body, type DrawProps, Lines, Mark } from './Parts'

export function Drive({ w, h, look }: DrawProps) {
  return (
    <>
      <Body w={w} h={h} look={look} of="M.03 .03L.97 .03L.97 .97L.03 .97Z" />
      <Lines w={w} h={h} of="M.03 .97L.97 .03" />
      <Lines w={w} h={h} of="M.16 .3C.22 .14 .28 .14 .34 .3C.4 .46 .46 .46 .52 .3" />
      <Mark w={w} h={h} look={look} of="M.56 .86L.56 .62L.66 .62L.66 .86L.76 .86L.76 .62L.86 .62L.86 .86Z" />
    </>
  )
}
