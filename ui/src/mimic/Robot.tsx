/** Robot: base, two links and a gripper; the joints are filled when it moves. */
import { Body, type DrawProps, Lines, Mark } from './Parts'

const joint = (x: number, y: number, r = 0.08) => `M${x - r} ${y}C${x - r} ${y - r * 1.33} ${x + r} ${y - r * 1.33} ${x + r} ${y}C${x + r} ${y + r * 1.33} ${x - r} ${y + r * 1.33} ${x - r} ${y}Z`

export function Robot({ w, h, look }: DrawProps) {
  return (
    <>
      <Lines w={w} h={h} of="M.78 .22L.78 .4M.68 .54L.68 .4L.88 .4L.88 .54" />
      <Body w={w} h={h} look={look} of="M.16 .97L.22 .74L.5 .74L.56 .97Z" />
      <Body w={w} h={h} look={look} of="M.31 .74L.2 .3L.3 .26L.43 .74Z" />
      <Body w={w} h={h} look={look} of="M.25 .22L.78 .17L.78 .27L.27 .34Z" />
      <Mark w={w} h={h} look={look} of={`${joint(0.37, 0.73)}${joint(0.25, 0.28)}${joint(0.78, 0.22, 0.06)}`} />
    </>
  )
}
