/** One item of the drawing with its live values. */
import { memo } from 'react'
import { useLook } from '../../../components/useLook'
import { useLanguageCode } from '../../../components/preferences'
import { type Chosen, referencesOf, type ScreenItem } from '../../../core/screens'
import { MimicSymbol } from '../../../mimic/MimicSymbol'
import { Pipe } from '../../../mimic/Pipe'
import { isSymbol } from '../../../mimic/symbols'
import type { ShownPoint } from './calls'

export interface DrawnProps {
  item: ScreenItem
  chosen: Chosen
  points: Readonly<Record<string, ShownPoint>>
}

export const Drawn = memo(function Drawn({ item, chosen, points }: DrawnProps) {
  const language = useLanguageCode()
  const look = useLook(item, chosen, points)
  const [x, y, w, h] = item.at ?? [0, 0, 0, 0]
  if (item.is === 'pipe') return <Pipe path={item.path ?? []} look={look} />
  if (isSymbol(item.is)) return <MimicSymbol symbol={item.is} x={x} y={y} w={w} h={h} turn={item.turn ?? 0} look={look} />
  const words = (language === 'zh' && item.text_zh) || item.text || look.text || referencesOf(item)[0]?.[1] || item.is
  const isPlain = item.is === 'text'
  return (
    <g transform={item.turn ? `rotate(${item.turn} ${x + w / 2} ${y + h / 2})` : undefined}>
      {isPlain ? null : <rect className="sym-plate" x={x} y={y} width={w} height={h} rx={3} />}
      <text className="sym-letters" x={isPlain ? x : x + w / 2} y={y + h / 2} fontSize={Math.min(h * 0.66, 16)} textAnchor={isPlain ? 'start' : 'middle'} dominantBaseline="central">
        {words}
      </text>
    </g>
  )
})
