/** Heat exchanger: a circle with the zigzag of what flows through it (ISO 10628-2, 2.7). */
import { type DrawProps, Lines, Round } from './Parts'

export function HeatExchanger({ w, h, look }: DrawProps) {
  return (
    <>
      <Round cx={w / 2} cy={h / 2} r={Math.min(w, h) / 2 - 1} look={look} />
      <Lines w={w} h={h} of="M0 .5L.26 .5L.4 .24L.6 .76L.74 .5L1 .5" />
    </>
  )
}
