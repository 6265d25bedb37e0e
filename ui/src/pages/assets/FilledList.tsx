/** The submodels that people filled in for an asset: a new one from a template, one edited, one taken away. */
import { Button, Popconfirm } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { asProblem } from '../../core/http'
import { type Filled, templates } from '../../core/templates'
import type { Problem } from '../../wire/api'
import { TemplateDrawer } from './TemplateDrawer'

export function FilledList({ asset, onChanged }: { asset: string; onChanged: () => void }) {
  const { t } = useTranslation()
  const { data, reload } = useAsk(`filled:${asset}`, (signal) => templates.filled(asset, signal))
  const [open, setOpen] = useState<Filled | 'new' | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const changed = () => {
    setOpen(null)
    reload()
    onChanged()
  }
  const drop = (id: string) => templates.drop(asset, id).then(changed, (error: unknown) => setProblem(asProblem(error)))
  if (!data) return null // who may not read what was handed in is not asked to
  return (
    <div className="bar template-list">
      <Button size="small" icon={<Icon name="plus" size={15} />} onClick={() => setOpen('new')}>
        {t('template.new')}
      </Button>
      {data.map((one) => (
        <span key={one.id} className="inline">
          <Button size="small" disabled={!one.template} title={one.template ? one.id : t('template.gone')} onClick={() => setOpen(one)}>
            {one.id_short}
          </Button>
          <Popconfirm title={t('template.dropAsk', { name: one.id_short })} okText={t('common.remove')} cancelText={t('common.cancel')} onConfirm={() => drop(one.id)}>
            <Button size="small" type="text" icon={<Icon name="close" size={14} />} aria-label={`${t('common.remove')} ${one.id_short}`} />
          </Popconfirm>
        </span>
      ))}
      {problem ? <ErrorNote problem={problem} /> : null}
      {open ? <TemplateDrawer asset={asset} filled={open === 'new' ? null : open} onClose={() => setOpen(null)} onSaved={changed} /> : null}
    </div>
  )
}
