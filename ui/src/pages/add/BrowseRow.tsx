import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import type { Row } from '../../core/browsetree'
import type { Preview } from '../../wire/api'
import { PreviewValue } from './PreviewValue'

export interface BrowseRowProps {
  row: Row
  /** CSS pixels. */
  height: number
  open: boolean
  chosen: boolean
  taken: boolean
  preview: Preview | undefined
  onFlip: () => void
  /** `ranged`: with Shift, all from the row clicked before. */
  onTake: (on: boolean, ranged: boolean) => void
  onTakeAll: () => void
}

const INDENT = 18

export function BrowseRow({ row, height, open, chosen, taken, preview, onFlip, onTake, onTakeAll }: BrowseRowProps) {
  const { t } = useTranslation()
  const { node } = row
  if (!node) return <div className="browse-row is-waiting" style={{ height }} />
  return (
    <div className={`browse-row ${chosen ? 'is-chosen' : ''}`} style={{ height, paddingInlineStart: 8 + row.depth * INDENT }} role="listitem">
      {node.has_children ? (
        <button type="button" className={`tree-open ${open ? 'is-open' : ''}`} aria-expanded={open} aria-label={`${t('common.open')} ${node.title}`} onClick={onFlip}>
          <Icon name="chevron" size={14} />
        </button>
      ) : (
        <span className="tree-space" />
      )}
      {node.address ? (
        <label className="browse-name" title={node.address}>
          <input type="checkbox" checked={chosen || taken} disabled={taken} onChange={(e) => onTake(e.target.checked, e.nativeEvent instanceof MouseEvent && e.nativeEvent.shiftKey)} />
          <span>{node.title || node.address}</span>
          {node.folders?.length ? <small className="browse-where faint">{node.folders.join(' › ')}</small> : null}
        </label>
      ) : (
        <button type="button" className="browse-name is-folder" onClick={onFlip}>
          <Icon name="folder" size={15} /> <span>{node.title}</span>
        </button>
      )}
      <small className="browse-type faint">{taken ? t('add.already') : node.type}</small>
      {node.address ? <PreviewValue preview={preview ?? (node.value !== null && node.value !== undefined ? { address: node.address, value: node.value as number, quality: node.quality, time_us: node.time_us, error: null } : undefined)} unit={node.unit} /> : null}
      {node.has_children ? (
        <Button size="small" type="text" onClick={onTakeAll} title={t('add.takeFolder')}>
          {t('add.takeAll')}
        </Button>
      ) : null}
    </div>
  )
}
