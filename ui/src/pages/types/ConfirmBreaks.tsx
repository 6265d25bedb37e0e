/** Names the assets that would no longer be what their type says, and wants their number before that is written. */
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TypeChanged } from '../../core/types'
import { GapList } from './GapList'

export function ConfirmBreaks({ told, busy, onSave, onClose }: { told: TypeChanged; busy: boolean; onSave: (confirm: number) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const right = typed === String(told.broken)
  const save = () => right && onSave(told.broken)
  return (
    <Modal open title={t('types.breaks', { n: told.broken })} okText={t('types.saveAnyway')} cancelText={t('common.cancel')} okButtonProps={{ danger: true, disabled: !right, loading: busy }} onOk={save} onCancel={onClose}>
      <p>{t('types.breaksText')}</p>
      <GapList gaps={told.breaks} />
      <label className="form-row">
        <span>{t('types.confirm', { n: told.broken })}</span>
        <Input value={typed} autoFocus inputMode="numeric" onChange={(e) => setTyped(e.target.value.trim())} onPressEnter={save} />
      </label>
    </Modal>
  )
}
