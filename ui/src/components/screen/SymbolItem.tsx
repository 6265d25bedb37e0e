/** A symbol or a pipe with what is live of it. */
import type { ScreenItem } from '../../core/screens'
import { MimicSymbol } from '../../mimic/MimicSymbol'
import { Pipe } from '../../mimic/Pipe'
import { isSymbol } from '../../mimic/symbols'
import { useLook } from '../useLook'
import { useSheet } from './SheetContext'

export function SymbolItem({ item }: { item: ScreenItem }) {
  const { chosen, points } = useSheet()
  const look = useLook(item, chosen, points)
  const [, , w, h] = item.at ?? [0, 0, 0, 0]
  if (item.is === 'pipe') return <Pipe path={item.path ?? []} look={look} />
  return isSymbol(item.is) ? <MimicSymbol symbol={item.is} w={w} h={h} turn={item.turn ?? 0} look={look} /> : null
}
