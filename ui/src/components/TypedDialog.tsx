/** Before something is taken away: says what that does, and wants its name typed. */
import { Input, Modal } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '../core/http'
import type { Problem } from '../wire/api'
import { ErrorNote } from './notes'

export interface TypedDialogProps {
  /** What has to be typed, letter by letter. */
  name: string
  title: string
  ok: string
  ask: string
  /** Something stands in the way, which `children` say: it cannot be done, and no name is asked for. */
  stuck?: boolean
  go: () => Promise<void>
  onClose: () => void
  children: ReactNode
}

export function TypedDialog({ name, title, ok, ask, stuck = false, go, onClose, children }: TypedDialogProps) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const act = async () => {
    setBusy(true)
    try {
      await go()
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Modal open title={title} okText={ok} cancelText={t('common.cancel')} okButtonProps={{ danger: true, disabled: stuck || typed !== name, loading: busy }} onOk={() => void act()} onCancel={onClose}>
      {children}
      {stuck ? null : (
        <label className="form-row">
          <span>{ask}</span>
          <Input value={typed} onChange={(e) => setTyped(e.target.value)} autoFocus />
        </label>
      )}
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
