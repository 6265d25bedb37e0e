/** A pipe without a pointer: from a port of this symbol to one of another. */
import { Button, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScreenItem } from '../../../core/screens'
import { freshId } from './arrange'
import { jointsOf, piped } from './follow'
import type { Editing } from './useEditing'

export function ConnectTo({ item, edit }: { item: ScreenItem; edit: Editing }) {
  const { t } = useTranslation()
  const mine = jointsOf(item)
  const [from, setFrom] = useState(mine.find((joint) => joint.port === 'out')?.port ?? mine[0]?.port ?? '')
  const [to, setTo] = useState<string | null>(null)
  const others = edit.items.filter((other) => other.id !== item.id).flatMap(jointsOf)
  const start = mine.find((joint) => joint.port === from)
  const end = others.find((joint) => `${joint.id}.${joint.port}` === to)
  const join = () => {
    if (!start || !end) return
    const id = freshId(edit.items.map((one) => one.id), 'pipe')
    edit.set([...edit.items, { id, is: 'pipe', path: piped(start, end) }])
    setTo(null)
  }
  const place = (side: string) => t(`drawing.side.${side}` as 'drawing.side.left')
  return (
    <div className="draw-field">
      <span>{t('drawing.connect')}</span>
      <span className="draw-lines">
        <Select size="small" aria-label={t('drawing.from')} value={from} onChange={setFrom} options={mine.map((joint) => ({ value: joint.port, label: `${joint.port} (${place(joint.side)})` }))} />
        <Select size="small" showSearch aria-label={t('drawing.to')} placeholder={t('drawing.to')} value={to} onChange={setTo} options={others.map((joint) => ({ value: `${joint.id}.${joint.port}`, label: `${joint.id}.${joint.port} (${place(joint.side)})` }))} />
        <Button size="small" disabled={!end} onClick={join}>
          {t('drawing.join')}
        </Button>
      </span>
    </div>
  )
}
