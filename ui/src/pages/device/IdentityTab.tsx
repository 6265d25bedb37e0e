/** Who the device is to us, or we to it: passwords and certificates. */
import { useTranslation } from 'react-i18next'
import { Certificates } from '../../components/Certificates'
import { Credentials } from '../../components/Credentials'
import type { DevicePage } from '../../wire/api'

export const hasIdentity = (driver: string): boolean => driver === 'frontdoor' || driver === 'opcua'

export function IdentityTab({ page }: { page: DevicePage }) {
  const { t } = useTranslation()
  if (page.spec.driver === 'opcua') {
    return (
      <section className="card">
        <h2>{t('certificate.ours')}</h2>
        <p className="muted small">{t('certificate.oursText')}</p>
        <p>
          <a href="/api/v1/certificate">{t('cert.download')} (DER)</a> · <a href="/api/v1/certificate.pem">PEM</a>
        </p>
        <p className="muted small">{t('certificate.authorityText')}</p>
        <p>
          <a href="/api/v1/machine-ca.pem">{t('certificate.authority')} (PEM)</a> · <a href="/api/v1/machine-ca.crl">{t('certificate.list')} (DER)</a> ·{' '}
          <a href="/api/v1/machine-ca.crl.pem">PEM</a>
        </p>
      </section>
    )
  }
  return (
    <>
      <Certificates device={page.spec.device} />
      <Credentials device={page.spec.device} />
    </>
  )
}
