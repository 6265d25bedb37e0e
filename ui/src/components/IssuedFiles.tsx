/** What the machine is given now: files to save, and a command that tries them. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { bytesOf, certificates } from '../core/certificates'
import { saveAs } from '../core/save'
import type { IssuedCertificate } from '../wire/machines'
import { CopyButton } from './CopyButton'
import { useAsk } from './useAsk'

const PEM = 'application/x-pem-file'

export function IssuedFiles({ made }: { made: IssuedCertificate }) {
  const { t } = useTranslation()
  const { data: way } = useAsk(`mqtt:${made.device}`, () => certificates.way(made.device))
  const command = way?.commands.certificate
  const { key, pkcs12, pkcs12_password: password } = made
  return (
    <div className="token-made" role="status">
      <p>{key ? t('certificate.once') : t('certificate.ready')}</p>
      <div className="bar wrap">
        <Button size="small" onClick={() => saveAs(`${made.device}.pem`, made.certificate, PEM)}>
          {made.device}.pem
        </Button>
        {key ? (
          <Button size="small" onClick={() => saveAs(`${made.device}.key`, key, PEM)}>
            {made.device}.key
          </Button>
        ) : null}
        {pkcs12 ? (
          <Button size="small" onClick={() => saveAs(`${made.device}.p12`, bytesOf(pkcs12), 'application/x-pkcs12')}>
            {made.device}.p12
          </Button>
        ) : null}
        {way?.authority ? (
          <Button size="small" onClick={() => saveAs('baigong-mqtt-ca.pem', way.authority, PEM)}>
            baigong-mqtt-ca.pem
          </Button>
        ) : null}
      </div>
      {password ? (
        <p>
          {t('certificate.password')} <code>{password}</code> <CopyButton text={password} />
        </p>
      ) : null}
      {command ? (
        <pre className="command">
          <code>{command}</code> <CopyButton text={command} />
        </pre>
      ) : (
        <p className="muted small">{t('certificate.noTls')}</p>
      )}
    </div>
  )
}
