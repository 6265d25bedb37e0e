/** What the platform asked of companies; asking one more. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { support } from '../../core/desk'
import { visit } from '../../core/visit'
import { AskSupport } from './AskSupport'
import { SupportState } from './SupportState'

export function SupportDesk() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const trouble = useTrouble()
  const [asking, setAsking] = useState(false)
  const { data, error, reload } = useAsk('support-asked', support.asked, 15_000)
  const me = `${session?.tenant}/${session?.user}`
  return (
    <section className="card" id="support">
      <h2>{t('support.title')}</h2>
      <p className="muted small">{t('support.deskText')}</p>
      <Button onClick={() => setAsking(true)}>{t('support.ask')}</Button>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {(data ?? []).slice(0, 50).map((one) => (
        <div key={one.id} className="support-line">
          <SupportState one={one} company={one.tenant} />
          <p className="support-reason">{one.reason}</p>
          {one.asker === me && (one.state === 'asked' || one.state === 'open') ? (
            <div className="bar">
              {one.state === 'open' ? <Button onClick={() => visit(one.tenant)}>{t('support.visit')}</Button> : null}
              <Button onClick={() => void support.takeBack(one).then(reload, trouble)}>{t(one.state === 'open' ? 'support.endNow' : 'support.takeBack')}</Button>
            </div>
          ) : null}
        </div>
      ))}
      {asking ? (
        <AskSupport
          onClose={() => setAsking(false)}
          onAsked={() => {
            setAsking(false)
            reload()
          }}
        />
      ) : null}
    </section>
  )
}
