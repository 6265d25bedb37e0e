/** A role asks for a second factor: show the one there is, or set one up. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FactorSetup } from '../components/FactorSetup'
import { PasskeyAdd } from '../components/PasskeyAdd'
import { ProofForm } from '../components/ProofForm'
import { useAsk } from '../components/useAsk'
import { passkeys } from '../core/signin'

/** `show`: there is one, and this session has not shown it. */
export function SignInFactor({ show, onDone }: { show: boolean; onDone: () => void }) {
  const { t } = useTranslation()
  return (
    <>
      <h2>{t(show ? 'factor.showTitle' : 'factor.mustTitle')}</h2>
      <p className="muted">{t('factor.mustText')}</p>
      {show ? <ProofForm onDone={onDone} /> : <FactorChoice onDone={onDone} />}
    </>
  )
}

/** A passkey where the address allows one, or a phone. */
export function FactorChoice({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const { data } = useAsk('my-passkeys', passkeys.list)
  const [phone, setPhone] = useState(false)
  if (phone) return <FactorSetup onDone={onDone} />
  return (
    <div className="factor-choice">
      <section>
        <h3>{t('passkey.title')}</h3>
        <p className="muted small">{t('passkey.text')}</p>
        {data ? <PasskeyAdd here={data.here} onDone={onDone} primary /> : null}
      </section>
      <section>
        <h3>{t('factor.phone')}</h3>
        <p className="muted small">{t('factor.text')}</p>
        <Button onClick={() => setPhone(true)}>{t('factor.begin')}</Button>
      </section>
    </div>
  )
}
