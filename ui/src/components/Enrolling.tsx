/** Two ways to a certificate: the machine makes its key and sends a request, or the platform makes both, once. */
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { requestCommand, requestIn } from '../core/certificates'
import { CopyButton } from './CopyButton'

export function Enrolling({ device, rotates, onGive, onClose }: { device: string; rotates: boolean; onGive: (csr: string | null) => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation()
  const [pasted, setPasted] = useState('')
  const [busy, setBusy] = useState(false)
  const csr = requestIn(pasted)
  const give = async (what: string | null) => {
    setBusy(true)
    await onGive(what)
    setBusy(false)
  }
  return (
    <div className="enrolling">
      {rotates ? <p>{t('certificate.rotateText')}</p> : null}
      <h3>{t('certificate.keyThere')}</h3>
      <p className="muted small">{t('certificate.keyThereText')}</p>
      <pre className="command">
        <code>{requestCommand(device)}</code> <CopyButton text={requestCommand(device)} />
      </pre>
      <Input.TextArea rows={4} value={pasted} aria-label={t('certificate.request')} placeholder="-----BEGIN CERTIFICATE REQUEST-----" onChange={(e) => setPasted(e.target.value)} />
      <div className="bar">
        <Button type="primary" disabled={!csr} loading={busy} onClick={() => void give(csr)}>
          {t('certificate.sign')}
        </Button>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
      </div>
      <h3>{t('certificate.keyHere')}</h3>
      <p className="muted small">{t('certificate.keyHereText')}</p>
      <div className="bar">
        <Button loading={busy} onClick={() => void give(null)}>
          {t('certificate.makeBoth')}
        </Button>
      </div>
    </div>
  )
}
