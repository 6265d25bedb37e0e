/** Make a passkey; where the address allows none, say why and what helps. */
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { browserName } from '../core/access'
import { asProblem } from '../core/http'
import { knowsPasskeys, NotShown } from '../core/passkeys'
import { passkeys } from '../core/signin'
import type { Problem } from '../wire/api'
import { Icon } from './Icon'
import { ErrorNote } from './notes'
import { useProof } from './Prove'
import { RecoveryCodes } from './RecoveryCodes'

export function PasskeyAdd({ here, onDone, primary = false }: { here: boolean; onDone: () => void; primary?: boolean }) {
  const { t } = useTranslation()
  const { attempt, dialog } = useProof()
  const [title, setTitle] = useState(() => browserName(navigator.userAgent))
  const [codes, setCodes] = useState<string[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  if (codes) return <RecoveryCodes codes={codes} onKept={onDone} />
  if (!here || !knowsPasskeys()) return <p className="muted small">{t('passkey.nowhere', { host: location.hostname })}</p>
  const failed = (error: unknown) => {
    if (error instanceof NotShown) return
    const known = error instanceof Error && error.name === 'InvalidStateError'
    setProblem(known ? { code: 'client.passkey_known', title: '' } : asProblem(error))
  }
  const add = () => {
    setProblem(null)
    void attempt(async () => {
      const made = await passkeys.add(title.trim() || browserName(navigator.userAgent))
      if (made.codes.length) setCodes(made.codes)
      else onDone()
    }, failed)
  }
  return (
    <>
      <div className="bar">
        <Input className="passkey-title" value={title} maxLength={60} aria-label={t('passkey.name')} onChange={(e) => setTitle(e.target.value)} />
        <Button type={primary ? 'primary' : 'default'} icon={<Icon name="key" />} onClick={add}>
          {t('passkey.add')}
        </Button>
      </div>
      {problem ? <ErrorNote problem={problem} /> : null}
      {dialog}
    </>
  )
}
