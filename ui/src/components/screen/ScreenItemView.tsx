/** One item of a screen in its place: drawn by its kind, opened by a click, crossed out where what it shows is no longer there. */
import { type KeyboardEvent, memo } from 'react'
import { useTranslation } from 'react-i18next'
import { referencesOf, resolved, type ScreenItem } from '../../core/screens'
import { targetOf } from '../../core/screentarget'
import { inLanguage, useLanguageCode } from '../preferences'
import { useWhyHandlers } from '../Reading'
import { BarItem } from './BarItem'
import { fitted } from './fitted'
import { GaugeItem } from './GaugeItem'
import { useSheet } from './SheetContext'
import { SymbolItem } from './SymbolItem'
import { TrendItem } from './TrendItem'
import { ValueItem } from './ValueItem'

export interface ScreenItemViewProps {
  item: ScreenItem
  /** Why it cannot be shown; empty: it can. */
  gone: string
  /** Something of it is not for who looks. */
  isHidden?: boolean
}

export const ScreenItemView = memo(function ScreenItemView({ item, gone, isHidden = false }: ScreenItemViewProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { chosen, points, open } = useSheet()
  const label = resolved(inLanguage(language, item.text, item.text_zh), chosen)
  const first = referencesOf(item)[0]
  const name = first ? resolved(first[1], chosen) : ''
  const why = useWhyHandlers(name)
  const target = open ? targetOf(item, chosen) : ''
  const [x, y, w, h] = item.at ?? [0, 0, 0, 0]
  const said = [label, points[name]?.title || name, gone, isHidden ? t('screen.notForYou') : ''].filter(Boolean).join(' · ')
  const go = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    open?.(target)
  }
  const turned = item.turn && !isDrawnTurned(item) ? ` rotate(${item.turn} ${w / 2} ${h / 2})` : ''
  return (
    <g
      className={`scr-item${target ? ' is-link' : ''}${gone ? ' is-gone' : ''}`}
      transform={item.is === 'pipe' ? undefined : `translate(${x} ${y})${turned}`}
      data-item={item.id}
      {...(target ? { role: 'link', tabIndex: 0, 'aria-label': said || item.id, onClick: () => open?.(target), onKeyDown: go } : {})}
      {...(name && open && !gone ? why : {})}
    >
      {said ? <title>{said}</title> : null}
      <Drawn item={item} w={w} h={h} label={label} />
      {isHidden && item.is !== 'pipe' ? (
        <g className="scr-hidden">
          <rect width={w} height={h} rx={3} />
          <text x={w / 2} y={h / 2} fontSize={fitted(t('screen.notForYou'), w - 6, 24, 0.6)} textAnchor="middle" dominantBaseline="central">
            {t('screen.notForYou')}
          </text>
        </g>
      ) : null}
      {gone && item.is !== 'pipe' ? (
        <g className="scr-gone">
          <rect width={w} height={h} rx={3} />
          {referencesOf(item).some(([, ref]) => resolved(ref, chosen) in points) ? null : <path d={`M0 0L${w} ${h}M${w} 0L0 ${h}`} />}
          <text x={w / 2} y={h + 11} fontSize={11} textAnchor="middle">
            {t('screen.gone')}
          </text>
        </g>
      ) : null}
    </g>
  )
})

/** Symbols turn themselves, so that their letters stay upright. */
const isDrawnTurned = (item: ScreenItem): boolean => !['text', 'value', 'bar', 'gauge', 'trend', 'state', 'image', 'link'].includes(item.is)

function Drawn({ item, w, h, label }: { item: ScreenItem; w: number; h: number; label: string }) {
  const { fileOf } = useSheet()
  switch (item.is) {
    case 'value':
    case 'state':
      return <ValueItem item={item} w={w} h={h} label={label} />
    case 'bar':
      return <BarItem item={item} w={w} h={h} />
    case 'gauge':
      return <GaugeItem item={item} w={w} h={h} label={label} />
    case 'trend':
      return <TrendItem item={item} w={w} h={h} />
    case 'image':
      return item.file ? <image href={fileOf(item.file)} width={w} height={h} preserveAspectRatio="xMidYMid meet" /> : null
    case 'text':
      return (
        <text className="scr-text" y={h / 2} fontSize={fitted(label, w, h)} dominantBaseline="central">
          {label}
        </text>
      )
    case 'link':
      return (
        <>
          <rect className="scr-button" width={w} height={h} rx={5} />
          <text className="scr-text" x={w / 2} y={h / 2} fontSize={fitted(label, w - 12, h, 0.5)} textAnchor="middle" dominantBaseline="central">
            {label}
          </text>
        </>
      )
    default:
      return <SymbolItem item={item} />
  }
}

