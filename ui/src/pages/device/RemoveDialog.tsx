/** Names what it destroys, and wants the name typed. */
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { ErrorNote } from '../../components/notes'
import { devices } from '../../core/calls'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

export function RemoveDialog({ device, points, onClose }: { device: string; points: number; onClose: () => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const remove = async () => {
    setBusy(true)
    try {
      await devices.remove(device)
      onClose()
      navigate('/connect')
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Modal open title={t('device.removeTitle', { device })} okText={t('device.remove')} cancelText={t('common.cancel')} okButtonProps={{ danger: true, disabled: typed !== device, loading: busy }} onOk={remove} onCancel={onClose}>
      <p>{t('device.removeText', { n: points })}</p>
      <label className="form-row">
        <span>{t('device.removeType', { device })}</span>
        <Input value={typed} onChange={(e) => setTyped(e.target.value)} autoFocus />
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
