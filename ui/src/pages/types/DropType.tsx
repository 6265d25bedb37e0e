/** Takes a type away: says what that does, and wants its name. */
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { ErrorNote } from '../../components/notes'
import { asProblem } from '../../core/http'
import { types, type TypeWhole } from '../../core/types'
import type { Problem } from '../../wire/api'

export function DropType({ held, onClose }: { held: TypeWhole; onClose: () => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const drop = async () => {
    setBusy(true)
    try {
      await types.drop(held.type)
      navigate('/types')
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Modal open title={t('types.dropTitle', { type: held.type })} okText={t('common.remove')} cancelText={t('common.cancel')} okButtonProps={{ danger: true, disabled: typed !== held.type, loading: busy }} onOk={() => void drop()} onCancel={onClose}>
      <p>{t('types.dropText', { n: held.versions.length })}</p>
      <label className="form-row">
        <span>{t('types.dropName', { type: held.type })}</span>
        <Input value={typed} autoFocus onChange={(e) => setTyped(e.target.value.trim())} />
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
