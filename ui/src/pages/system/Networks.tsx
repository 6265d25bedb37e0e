/** Where each gateway may connect to, for which company: the operator's text, read and changed. */
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { asProblem } from '../../core/http'
import { type GatewayNetworks, gateways } from '../../core/gateways'
import type { Problem } from '../../wire/api'

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
        <One key={one.gateway} one={one} onSaved={reload} />
      ))}
    </section>
  )
}

function One({ one, onSaved }: { one: GatewayNetworks; onSaved: () => void }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const save = async () => {
    try {
      await gateways.putNetworks(one.gateway, draft ?? '')
      setDraft(null)
      setProblem(null)
      onSaved()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const refused = Object.entries(one.refused)
  return (
    <section>
      <h3>
        {one.gateway}
        {draft === null ? (
          <Button size="small" type="text" aria-label={`${t('use.edit')} ${one.gateway}`} onClick={() => setDraft(one.text)}>
            {t('use.edit')}
          </Button>
        ) : null}
      </h3>
      <p className="muted small">
        {one.own.length ? t('system.networksOwn', { own: one.own.join(', ') }) : t('system.networksShared')}
        {refused.length ? ` · ${t('system.networksRefused')} ${refused.map(([who, n]) => `${who} ${n}`).join(', ')}` : ''}
      </p>
      {draft === null ? (
        <pre>{one.text.trim() || t('use.nothingSaid')}</pre>
      ) : (
        <>
          <Input.TextArea aria-label={one.gateway} autoSize={{ minRows: 4 }} value={draft} placeholder={LIKE} onChange={(e) => setDraft(e.target.value)} />
          <div className="bar">
            <Button type="primary" size="small" onClick={save}>
              {t('common.save')}
            </Button>
            <Button size="small" onClick={() => setDraft(null)}>
              {t('common.cancel')}
            </Button>
          </div>
          {problem ? <ErrorNote problem={problem} /> : null}
        </>
      )}
    </section>
  )
}
