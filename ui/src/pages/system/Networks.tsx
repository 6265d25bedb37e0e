/** Where each gateway may connect to, for which company: the operator's text, read and changed. */
import { useTranslation } from 'react-i18next'
import { HeldText } from '../../components/HeldText'
import { useAsk } from '../../components/useAsk'
import { type GatewayNetworks, gateways } from '../../core/gateways'

const LIKE = 'companies:\n  moulds:\n    allow: [10.20.0.0/16]'

export function Networks() {
  const { t } = useTranslation()
  const { data, reload } = useAsk('networks', gateways.networks, 30_000)
  if (!data?.length) return null // not for those who run one company only
  return (
    <section className="card quota-texts">
      <h2>{t('system.networks')}</h2>
      <p className="muted small">{t('system.networksText')}</p>
      {data.map((one) => (
        <HeldText key={one.gateway} name={one.gateway} text={one.text} like={LIKE} editLabel={`${t('use.edit')} ${one.gateway}`} save={(text) => gateways.putNetworks(one.gateway, text)} onSaved={reload}>
          <Said one={one} />
        </HeldText>
      ))}
    </section>
  )
}

function Said({ one }: { one: GatewayNetworks }) {
  const { t } = useTranslation()
  const refused = Object.entries(one.refused)
  return (
    <p className="muted small">
      {one.own.length ? t('system.networksOwn', { own: one.own.join(', ') }) : t('system.networksShared')}
      {refused.length ? ` · ${t('system.networksRefused')} ${refused.map(([who, n]) => `${who} ${n}`).join(', ')}` : ''}
    </p>
  )
}
