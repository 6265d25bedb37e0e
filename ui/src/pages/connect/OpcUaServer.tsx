/** The way out for SCADA systems: our OPC UA server, where it is and how one gets in. */
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../components/CopyButton'
import { Facts } from '../../components/Facts'
import { useAsk } from '../../components/useAsk'
import { opcua, SWITCH_ON, TRUST } from '../../core/opcua'

function Copied({ text }: { text: string }) {
  return (
    <>
      <code>{text}</code> <CopyButton text={text} />
    </>
  )
}

export function OpcUaServer() {
  const { t } = useTranslation()
  const { data } = useAsk('opcua', opcua.way)
  if (!data) return null
  return (
    <section className="card opcua-server" aria-labelledby="opcua-server">
      <h2 id="opcua-server">{t('opcua.title')}</h2>
      {data.url ? (
        <>
          <p>{t('opcua.text')}</p>
          <Facts
            rows={[
              [t('opcua.url'), <Copied text={data.url} />],
              [t('opcua.policies'), `${data.policies.join(', ')} · Sign & Encrypt`],
              [t('opcua.user'), t('opcua.userText', { user: data.user })],
              [t('opcua.fingerprint'), <Copied text={data.sha256} />],
              [t('opcua.namespace'), <code>{data.namespace}</code>],
              ...(data.any_client_certificate ? [] : [[t('opcua.trust'), <Copied text={TRUST} />] as const]),
            ]}
          />
        </>
      ) : (
        <p>
          {t('opcua.off')} <Copied text={SWITCH_ON} />
        </p>
      )}
    </section>
  )
}
