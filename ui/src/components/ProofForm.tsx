/** The ways somebody has to prove that it is them: password, code of the phone, passkey. */
import { Button, Input } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '../core/http'
import { type Json, NotShown, showPasskey } from '../core/passkeys'
import { proof } from '../core/signin'
import type { Problem } from '../wire/api'
import { Icon } from './Icon'
import { ErrorNote, Waiting } from './notes'
import { useAsk } from './useAsk'

export function ProofForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk('proof', proof.ways)
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  if (!data) return error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={2} />
  const give = async (what: { password?: string; code?: string } | (() => Promise<{ passkey: Json }>)) => {
    setProblem(null)
    try {
      await proof.give(typeof what === 'function' ? await what() : what)
      onDone()
    } catch (failed) {
      if (failed instanceof NotShown) return
      setProblem(asProblem(failed))
      reload() // a challenge is good once
    }
  }
  const byCode = data.ways.includes('code')
  const byPassword = data.ways.includes('password')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void give(byCode ? { code: text.trim() } : { password: text })
  }
  return (
    <form className="proof" onSubmit={submit}>
      {data.passkey ? (
        <Button block size="large" icon={<Icon name="key" />} onClick={() => void give(async () => ({ passkey: await showPasskey(data.passkey ?? {}) }))}>
          {t('passkey.use')}
        </Button>
      ) : null}
      {byCode || byPassword ? (
        <>
          <label className="form-row">
            <span>{t(byCode ? 'signin.code' : 'signin.password')}</span>
            {byCode ? (
              <Input name="code" inputMode="numeric" autoComplete="one-time-code" size="large" value={text} onChange={(e) => setText(e.target.value)} />
            ) : (
              <Input.Password name="password" autoComplete="current-password" size="large" value={text} onChange={(e) => setText(e.target.value)} />
            )}
            {byCode ? <small className="muted">{t('signin.codeText')}</small> : null}
          </label>
          <Button type="primary" htmlType="submit" size="large" block disabled={!text.trim()}>
            {t('prove.go')}
          </Button>
        </>
      ) : null}
      {data.ways.includes('account') ? <p>{t('prove.account')}</p> : null}
      {data.ways.length === 0 ? <p>{t('prove.none')}</p> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
    </form>
  )
}
