/** Many assets side by side, the worst first; found by name, and by what they say. Nothing jumps under a hand. */
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScreenWhole } from '../../core/screencalls'
import { Empty } from '../notes'
import { inLanguage, useLanguageCode } from '../preferences'
import { SearchField } from '../SearchField'
import { useSize } from '../useSize'
import { arranged, type Cell, cellsOf, type CellState, ranked, STATES } from './cells'
import { ScreenSheet } from './ScreenSheet'
import { useCellStates } from './useCellStates'

export function Overview({ whole }: { whole: ScreenWhole }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const place = useSize<HTMLDivElement>()
  const cells = useMemo(() => cellsOf(whole.screen), [whole.screen])
  const states = useCellStates(cells, whole.chosen)
  const [search, setSearch] = useState('')
  const [only, setOnly] = useState<CellState | null>(null)
  const touched = useRef(false)
  const [order, setOrder] = useState<ReadonlyMap<string, CellState>>(states)
  useEffect(() => {
    if (!touched.current) setOrder(states)
  }, [states])
  const touch = (is: boolean) => () => {
    touched.current = is
    if (!is) setOrder(states)
  }
  const named = (cell: Cell) => inLanguage(language, cell.title, cell.title_zh) || cell.asset
  const counts = new Map<CellState, number>()
  for (const state of states.values()) counts.set(state, (counts.get(state) ?? 0) + 1)
  const word = (state: CellState) => (state === 'normal' ? t('cells.normal') : t(`mimic.told.${state}`))
  const wanted = search.toLowerCase()
  const shown = useMemo(() => {
    const fits = (cell: Cell) => (only === null || (order.get(cell.asset) ?? 'normal') === only) && [cell.asset, cell.title, cell.title_zh].some((one) => one.toLowerCase().includes(wanted))
    return arranged(whole.screen, ranked(cells.filter(fits), order, named, language), place.width || 1200)
  }, [whole.screen, cells, order, only, wanted, language, place.width])
  return (
    <>
      <div className="bar scr-states">
        <SearchField label={t('cells.find')} onSearch={setSearch} />
        <div className="bar" role="group" aria-label={t('cells.byState')}>
          <Chip word={t('cells.all')} count={cells.length} isOn={only === null} onPress={() => setOnly(null)} />
          {STATES.filter((state) => counts.has(state) || state === only).map((state) => (
            <Chip key={state} state={state} word={word(state)} count={counts.get(state) ?? 0} isOn={only === state} onPress={() => setOnly(only === state ? null : state)} />
          ))}
        </div>
      </div>
      <div ref={place.ref} className="scr-place" onPointerEnter={touch(true)} onPointerLeave={touch(false)} onFocus={touch(true)} onBlur={touch(false)}>
        {shown.items?.length ? (
          <div style={{ maxWidth: (shown.size?.[0] ?? 0) * 1.2 }}>
            <ScreenSheet whole={{ ...whole, screen: shown }} />
          </div>
        ) : (
          <Empty title={t('search.none')} />
        )}
      </div>
    </>
  )
}

interface ChipProps {
  word: string
  count: number
  isOn: boolean
  state?: CellState
  onPress: () => void
}

function Chip({ word, count, isOn, state, onPress }: ChipProps) {
  return (
    <button type="button" className={`scr-chip${state ? ` is-${state}` : ''}`} aria-pressed={isOn} onClick={onPress}>
      {word} <b className="num">{count}</b>
    </button>
  )
}
