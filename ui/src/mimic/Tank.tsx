/** Tank, open or with a flat roof: what is in it stands in it. */
import { Body, type DrawProps, Level, Lines } from './Parts'

export function Tank({ w, h, look }: DrawProps) {
  return (
    <>
      <Body w={w} h={h} look={look} of="M.02 .03L.98 .03L.98 .97L.02 .97Z" />
      <Level w={w} h={h} look={look} left={0.1} right={0.9} top={0.08} bottom={0.93} />
      <Lines w={w} h={h} of="M.9 .29L.8 .29M.9 .505L.74 .505M.9 .72L.8 .72" thin />
    </>
  )
}
