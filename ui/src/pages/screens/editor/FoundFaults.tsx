/** What of the drawing cannot be shown, each with its item, and what was probably meant at one press. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import type { ScreenFinding } from '../../../core/screencalls'
import type { ScreenItem } from '../../../core/screens'
import { edited } from './arrange'
import type { Editing } from './useEditing'

export function FoundFaults({ found, edit, named = false }: { found: readonly ScreenFinding[]; edit: Editing; named?: boolean }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  return (
    <>
      {found.map((one) => (
        <div key={`${one.item} ${one.field}`} className="draw-finding">
          {named && one.item ? (
            <Button size="small" type="link" onClick={() => edit.choose([one.item])}>
              {one.item}
            </Button>
          ) : null}
          {inLanguage(language, one.message, one.message_zh)} <span>{inLanguage(language, one.advice, one.advice_zh)}</span>
          {one.fix ? (
            <Button size="small" onClick={() => edit.set(mended(edit.items, one))}>
              {t('drawing.takeInstead', { ref: one.fix })}
            </Button>
          ) : null}
        </div>
      ))}
    </>
  )
}

/** The item with what was probably meant in the field that is at fault. */
export function mended(items: readonly ScreenItem[], { item: id, field, fix }: ScreenFinding): ScreenItem[] {
  const item = items.find((one) => one.id === id)
  const [kind, part = ''] = field.split('.')
  if (!item || !fix) return [...items]
  if (kind === 'shows') return edited(items, id, { shows: { ...item.shows, [part]: fix } })
  return kind === 'lines' ? edited(items, id, { lines: (item.lines ?? []).map((ref, at) => (at === Number(part) ? fix : ref)) }) : [...items]
}
