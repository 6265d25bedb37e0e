/** OPC UA: two machines trust each other's certificates. What to do, in the words of the servers people have. */
import { Button, Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'

export function CertificateHelp({ problem, waiting, onWait }: { problem: boolean; waiting: boolean; onWait: (on: boolean) => void }) {
  const { t } = useTranslation()
  return (
    <details className="certificate" open={problem}>
      <summary>{t('cert.title')}</summary>
      <p>{t('cert.text')}</p>
      <ol>
        <li>
          {t('cert.one')}
          <span className="cert-files">
            <Button size="small" href="/api/v1/certificate" icon={<Icon name="download" size={14} />}>
              {t('cert.download')} (.der)
            </Button>
            <Button size="small" href="/api/v1/certificate.pem" icon={<Icon name="download" size={14} />}>
              .pem
            </Button>
          </span>
        </li>
        <li>
          {t('cert.two')}
          <ul>
            <li>{t('cert.kepware')}</li>
            <li>{t('cert.wincc')}</li>
            <li>{t('cert.codesys')}</li>
            <li>{t('cert.other')}</li>
          </ul>
        </li>
        <li>
          <label className="inline">
            <Switch size="small" checked={waiting} onChange={onWait} /> {waiting ? t('cert.waiting') : t('cert.three')}
          </label>
        </li>
      </ol>
    </details>
  )
}
