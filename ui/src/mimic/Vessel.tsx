/** Vessel under pressure: a cylinder with domes (ISO 10628-2, 2.8), standing when it is higher than wide. */
import { Body, type DrawProps, Level, Lines } from './Parts'

const STANDING = 'M.03 .17C.03 -.05 .97 -.05 .97 .17L.97 .83C.97 1.05 .03 1.05 .03 .83Z'
const LYING = 'M.17 .03C-.05 .03 -.05 .97 .17 .97L.83 .97C1.05 .97 1.05 .03 .83 .03Z'

export function Vessel({ w, h, look }: DrawProps) {
  const isStanding = h >= w
  return (
    <>
      <Body w={w} h={h} look={look} of={isStanding ? STANDING : LYING} />
      {isStanding ? <Level w={w} h={h} look={look} left={0.14} right={0.86} top={0.17} bottom={0.83} /> : <Level w={w} h={h} look={look} left={0.17} right={0.83} top={0.12} bottom={0.88} />}
      <Lines w={w} h={h} of={isStanding ? 'M.03 .17L.97 .17M.03 .83L.97 .83' : 'M.17 .03L.17 .97M.83 .03L.83 .97'} thin />
    </>
  )
}
