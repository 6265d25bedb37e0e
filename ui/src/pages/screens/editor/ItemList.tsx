/** All items as a list: for who uses no pointer, and for what lies under others. */
import { useTranslation } from 'react-i18next'
import { useLanguageCode } from '../../../components/preferences'
import { VirtualList } from '../../../components/VirtualList'
import { referencesOf, type ScreenItem } from '../../../core/screens'
import type { Editing } from './useEditing'

const ROW = 28

export function ItemList({ edit }: { edit: Editing }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const rows = [...edit.items].reverse() // what lies on top stands on top
  const said = (item: ScreenItem) => (language === 'zh' && item.text_zh) || item.text || referencesOf(item)[0]?.[1] || ''
  if (!rows.length) return <p className="muted small">{t('drawing.empty')}</p>
  return (
    <VirtualList
      className="draw-list"
      height={Math.min(rows.length * ROW + 2, 280)}
      label={t('drawing.items')}
      count={rows.length}
      rowHeight={ROW}
      row={(at) => {
        const item = rows[at]
        if (!item) return null
        const isChosen = edit.chosen.has(item.id)
        return (
          <button key={item.id} type="button" role="listitem" className={isChosen ? 'is-chosen' : ''} aria-pressed={isChosen} style={{ height: ROW }} onClick={(event) => edit.choose([item.id], event.shiftKey || event.ctrlKey || event.metaKey)}>
            <span>{t(`mimic.symbol.${item.is}`)}</span> <code>{item.id}</code> <small>{said(item)}</small>
          </button>
        )
      }}
    />
  )
}
