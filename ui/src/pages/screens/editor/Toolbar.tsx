/** What can be done with what is chosen. */
import { Button, Dropdown, Tooltip } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/Icon'
import { aligned, type Edge, flipped, grouped, ordered, spread, turned } from './arrange'
import type { Editing } from './useEditing'

const EDGES: readonly Edge[] = ['left', 'center', 'right', 'top', 'middle', 'bottom']

export interface ToolbarProps {
  edit: Editing
  piping: boolean
  onPiping: (on: boolean) => void
  zoom: number
  onZoom: (by: number | 'fit') => void
}

export function Toolbar({ edit, piping, onPiping, zoom, onZoom }: ToolbarProps) {
  const { t } = useTranslation()
  const { items, chosen } = edit
  const none = chosen.size === 0
  const few = chosen.size < 2
  const together = edit.picked.every((item) => item.group && item.group === edit.picked[0]?.group)
  return (
    <div className="draw-tools" role="toolbar" aria-label={t('drawing.tools')}>
      <Tool name={t('drawing.undo')} keys="Ctrl Z" disabled={!edit.canUndo} onClick={edit.undo}>
        ↶
      </Tool>
      <Tool name={t('drawing.redo')} keys="Ctrl Y" disabled={!edit.canRedo} onClick={edit.redo}>
        ↷
      </Tool>
      <Button size="small" type={piping ? 'primary' : 'default'} aria-pressed={piping} onClick={() => onPiping(!piping)}>
        {t('drawing.pipe')}
      </Button>
      <Tool name={t('drawing.turn')} keys="R" disabled={none} onClick={() => edit.set(turned(items, chosen))}>
        ⟳
      </Tool>
      <Tool name={t('drawing.flip')} keys="H" disabled={none} onClick={() => edit.set(flipped(items, chosen, 'across'))}>
        ⇋
      </Tool>
      <Tool name={t('drawing.flipDown')} keys="V" disabled={none} onClick={() => edit.set(flipped(items, chosen, 'down'))}>
        ⥮
      </Tool>
      <Dropdown disabled={few} trigger={['click']} menu={{ items: [...EDGES.map((edge) => ({ key: edge, label: t(`drawing.edge.${edge}`), onClick: () => edit.set(aligned(items, chosen, edge)) })), { type: 'divider' as const }, { key: 'across', label: t('drawing.across'), onClick: () => edit.set(spread(items, chosen, 'across')) }, { key: 'down', label: t('drawing.down'), onClick: () => edit.set(spread(items, chosen, 'down')) }] }}>
        <Button size="small" disabled={few}>
          {t('drawing.align')}
        </Button>
      </Dropdown>
      <Dropdown
        disabled={none}
        trigger={['click']}
        menu={{
          items: [
            { key: 'front', label: t('drawing.front'), onClick: () => edit.set(ordered(items, chosen, 'front')) },
            { key: 'back', label: t('drawing.back'), onClick: () => edit.set(ordered(items, chosen, 'back')) },
            { type: 'divider' },
            together && !few ? { key: 'apart', label: t('drawing.ungroup'), onClick: () => edit.set(grouped(items, chosen, false)) } : { key: 'group', label: t('drawing.group'), disabled: few, onClick: () => edit.set(grouped(items, chosen, true)) },
            { type: 'divider' },
            { key: 'copy', label: t('common.copy'), onClick: () => void edit.copy() },
            { key: 'double', label: t('drawing.double'), onClick: () => edit.paste(edit.picked) },
          ],
        }}
      >
        <Button size="small" disabled={none}>
          {t('common.more')}
        </Button>
      </Dropdown>
      <Button size="small" onClick={() => edit.paste()}>
        {t('drawing.paste')}
      </Button>
      <Button size="small" disabled={none} icon={<Icon name="trash" size={15} />} aria-label={t('drawing.remove')} title={`${t('drawing.remove')} (Del)`} onClick={edit.remove} />
      <span className="grow" />
      <Tool name={t('drawing.smaller')} onClick={() => onZoom(1 / 1.25)}>
        −
      </Tool>
      <Button size="small" className="num" title={t('drawing.fit')} onClick={() => onZoom('fit')}>
        {Math.round(zoom * 100)} %
      </Button>
      <Tool name={t('drawing.larger')} onClick={() => onZoom(1.25)}>
        +
      </Tool>
    </div>
  )
}

function Tool({ name, keys, disabled, onClick, children }: { name: string; keys?: string; disabled?: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip title={keys ? `${name} (${keys})` : name}>
      <Button size="small" disabled={disabled ?? false} aria-label={name} onClick={onClick}>
        {children}
      </Button>
    </Tooltip>
  )
}
