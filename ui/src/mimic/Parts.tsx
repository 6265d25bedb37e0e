/** What the symbols are drawn of: a body that is dark when it rests, and a mark on it that is filled when it runs. */
import { createContext, type ReactNode, useContext } from 'react'
import { path } from './shape'
import type { Look } from './state'

/** Drawn in the pixels of its box; the frame places and turns it. `upright`: turns letters back. */
export interface DrawProps {
  w: number
  h: number
  look: Look
  upright: number
}

const moving = ({ running }: Look): string => (running === null ? '' : running ? ' is-running' : ' is-stopped')

/** A closed outline, in parts of the box. */
export const Body = ({ w, h, look, of }: { w: number; h: number; look: Look; of: string }) => <path className={`sym-body${moving(look)}`} d={path(w, h, of)} />

/** What tells by its form whether it runs: hollow or filled. */
export const Mark = ({ w, h, look, of }: { w: number; h: number; look: Look; of: string }) => <path className={`sym-mark${moving(look)}`} d={path(w, h, of)} />

/** Lines without a surface. */
export const Lines = ({ w, h, of, thin = false }: { w: number; h: number; of: string; thin?: boolean }) => <path className={thin ? 'sym-line is-thin' : 'sym-line'} d={path(w, h, of)} />

export const Round = ({ cx, cy, r, look }: { cx: number; cy: number; r: number; look: Look }) => <circle className={`sym-body${moving(look)}`} cx={cx} cy={cy} r={Math.max(1, r)} />

/** Whether what is drawn is mirrored: letters are mirrored back. */
export const Mirrored = createContext(false)

export function Letters({ x, y, upright, size, isStrong = false, children }: { x: number; y: number; upright: number; size: number; isStrong?: boolean; children: ReactNode }) {
  const mirrored = useContext(Mirrored)
  const back = mirrored ? `translate(${2 * x} 0) scale(-1 1) rotate(${upright} ${x} ${y})` : upright ? `rotate(${upright} ${x} ${y})` : undefined
  return (
    <text className={isStrong ? 'sym-letters is-strong' : 'sym-letters'} x={x} y={y} fontSize={size} textAnchor="middle" dominantBaseline="central" transform={back}>
      {children}
    </text>
  )
}

/** What is in it, from the bottom up, between two heights in parts of the box; and a tick where it should stand. */
export function Level({ w, h, look, left, right, top, bottom }: { w: number; h: number; look: Look; left: number; right: number; top: number; bottom: number }) {
  const height = (bottom - top) * h
  const [x, width] = [left * w, (right - left) * w]
  const at = (part: number) => bottom * h - part * height
  return (
    <>
      {look.level === null ? null : <rect className={`sym-level is-${look.judged}`} x={x} y={at(look.level)} width={width} height={Math.max(0, bottom * h - at(look.level))} />}
      {look.level === null ? null : <path className="sym-surface" d={`M${x} ${at(look.level)}H${x + width}`} />}
      {look.wanted === null ? null : <path className="sym-wanted" d={`M${x - 5} ${at(look.wanted) - 4}L${x + 1} ${at(look.wanted)}L${x - 5} ${at(look.wanted) + 4}Z`} />}
    </>
  )
}
