/** A symbol or a pipe with what is live of it. */
import { useTranslation } from 'react-i18next'
import type { ScreenItem } from '../../core/screens'
import { MimicSymbol } from '../../mimic/MimicSymbol'
import { Pipe } from '../../mimic/Pipe'
import { toldOf } from '../../mimic/state'
import { isSymbol, KINDS } from '../../mimic/symbols'
import { inLanguage, useLanguageCode } from '../preferences'
import { useLook } from '../useLook'
import { useSheet } from './SheetContext'

export function SymbolItem({ item }: { item: ScreenItem }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { chosen, points } = useSheet()
  const look = useLook(item, chosen, points)
  const [, , w, h] = item.at ?? [0, 0, 0, 0]
  if (item.is === 'pipe') return <Pipe path={item.path ?? []} look={look} />
  if (!isSymbol(item.is)) return null
  const told = toldOf(look, KINDS[item.is].slots).map((word) => t(`mimic.told.${word}`))
  const label = [inLanguage(language, item.text, item.text_zh) || t(`mimic.symbol.${item.is}`), ...told].join(' · ')
  return <MimicSymbol symbol={item.is} w={w} h={h} turn={item.turn ?? 0} flip={item.flip ?? false} look={look} label={label} />
}
