/** What all items of a drawing share while it is edited: live values, and no click that leads away. */
import { useMemo, useRef } from 'react'
import type { Sheet } from '../../../components/screen/SheetContext'
import { useLanguageCode } from '../../../components/preferences'
import { fileOf, type ScreenWhole } from '../../../core/screencalls'
import { spoken } from '../../../core/spoken'

const EMPTY = {}
const NONE: ScreenWhole['points'] = {}

/** The same object as long as points and choices are the same: then a moved item does not draw all others again. */
export function useShared(name: string, told: ScreenWhole | null): Sheet {
  const language = useLanguageCode()
  const key = JSON.stringify([told?.points, told?.chosen])
  const newest = useRef(told)
  newest.current = told
  return useMemo<Sheet>(() => {
    const points = Object.fromEntries(Object.entries(newest.current?.points ?? NONE).map(([point, said]) => [point, spoken(language, said)]))
    return { chosen: newest.current?.chosen ?? EMPTY, points, fileOf: (file) => fileOf(name, file), open: null }
  }, [name, key, language])
}
