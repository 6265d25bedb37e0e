/** A whole screen as one drawing, scaled to its place. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScreenWhole } from '../../core/screencalls'
import { fileOf } from '../../core/screencalls'
import { SIZE } from '../../core/screens'
import { spoken } from '../../core/spoken'
import { navigate } from '../navigation'
import { inLanguage, useLanguageCode } from '../preferences'
import { ScreenItemView } from './ScreenItemView'
import { type PastOf, type Sheet, SheetContext } from './SheetContext'

export interface ScreenSheetProps {
  whole: ScreenWhole
  /** The whole place is used, to the edge (a wall). */
  fill?: boolean
  open?: ((href: string) => void) | null
  /** For a link: its pictures, by file, and who is asked for the past. */
  pictures?: Readonly<Record<string, string>>
  pastOf?: PastOf
}

export function ScreenSheet({ whole, fill = false, open = navigate, pictures, pastOf }: ScreenSheetProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { screen } = whole
  const [w, h] = screen.size ?? SIZE
  const sheet = useMemo<Sheet>(
    () => ({
      chosen: whole.chosen,
      points: Object.fromEntries(Object.entries(whole.points).map(([name, point]) => [name, spoken(language, point)])),
      fileOf: (file) => (pictures ? (pictures[file] ?? '') : fileOf(screen.screen, file)),
      pastOf,
      open,
    }),
    [screen.screen, whole.chosen, whole.points, language, open, pictures, pastOf],
  )
  const gone = useMemo(() => new Map(whole.findings.map((one) => [one.item, inLanguage(language, one.message, one.message_zh)])), [whole.findings, language])
  const hidden = useMemo(() => new Set(whole.hidden ?? []), [whole.hidden])
  const title = inLanguage(language, screen.title, screen.title_zh) || screen.screen
  return (
    <SheetContext.Provider value={sheet}>
      <svg className={`scr-sheet${fill ? ' is-filled' : ''}`} viewBox={`0 0 ${w} ${h}`} preserveAspectRatio="xMidYMid meet" role="group" aria-label={t('screen.drawing', { title })}>
        {screen.photo ? <image href={sheet.fileOf(screen.photo)} width={w} height={h} preserveAspectRatio="xMidYMid slice" /> : null}
        {(screen.items ?? []).map((item) => (
          <ScreenItemView key={item.id} item={item} gone={gone.get(item.id) ?? ''} isHidden={hidden.has(item.id)} />
        ))}
      </svg>
    </SheetContext.Provider>
  )
}
