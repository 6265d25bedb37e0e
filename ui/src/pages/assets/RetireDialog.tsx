/** Takes an asset out of the tree: says what stands in the way, and wants the name typed. */
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { type AssetWhole, assets } from '../../core/assets'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

export function RetireDialog({ whole, onClose, onRetired }: { whole: AssetWhole; onClose: () => void; onRetired: () => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const { asset, children } = whole.line
  const stuck = whole.own_points > 0 || children > 0
  const retire = async () => {
    setBusy(true)
    try {
      await assets.retire(asset)
      onRetired()
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Modal open title={t('assets.retireTitle', { asset })} okText={t('assets.retire')} cancelText={t('common.cancel')} okButtonProps={{ danger: true, disabled: stuck || typed !== asset, loading: busy }} onOk={retire} onCancel={onClose}>
      <p>{t('assets.retireText')}</p>
      {whole.own_points ? <p className="bad-text">{t('assets.retirePoints', { n: whole.own_points })}</p> : null}
      {children ? <p className="bad-text">{t('assets.retireParts', { n: children })}</p> : null}
      {stuck ? null : (
        <label className="form-row">
          <span>{t('device.removeType', { device: asset })}</span>
          <Input value={typed} onChange={(e) => setTyped(e.target.value)} autoFocus />
        </label>
      )}
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
