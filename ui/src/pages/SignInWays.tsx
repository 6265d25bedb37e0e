/** The ways in: name and password, a passkey, an account of one's own company. */
import { Button, Input } from 'antd'
import { type FormEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../components/Icon'
import { ErrorNote } from '../components/notes'
import { inLanguage, useLanguageCode } from '../components/preferences'
import { session as calls } from '../core/calls'
import { asProblem } from '../core/http'
import { knowsPasskeys, NotShown, showPasskey } from '../core/passkeys'
import { wantedWays, ways } from '../core/signin'
import type { SignInPage, WaysToProve } from '../wire/access'
import type { Problem, Session } from '../wire/api'

/** Why the provider's answer was refused: said in the address, because a provider sends browsers, not answers. */
function refusedBefore(): string {
  const asked = new URLSearchParams(location.search)
  const code = asked.get('refused') ?? ''
  if (code) {
    asked.delete('refused')
    history.replaceState(null, '', location.pathname + (asked.size ? `?${asked}` : ''))
  }
  return code
}

export function SignInWays({ onDone }: { onDone: (session: Session) => void }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const [user, setUser] = useState('admin')
  const [password, setPassword] = useState('')
  const [wanted, setWanted] = useState<WaysToProve | null>(null) // null: nothing beside the password
  const [code, setCode] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [refused] = useState(refusedBefore)
  const [offered, setOffered] = useState<SignInPage | null>(null)
  useEffect(() => {
    const company = new URLSearchParams(location.search).get('company') ?? ''
    ways.offered(company).then(setOffered, () => undefined) // without them there is the password
  }, [])
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setProblem(null)
    try {
      await work()
    } catch (error) {
      if (error instanceof NotShown) return
      const said = asProblem(error)
      const also = wantedWays(said)
      if (also) setWanted(also)
      const wrong = said.code === 'auth.required' && said.place === 'password'
      if (!also || (wanted && code)) setProblem(wrong ? plain(said) : said)
    } finally {
      setBusy(false)
    }
  }
  // What the server says to programs too, in words for whoever stands at this page.
  const plain = (said: Problem): Problem => ({ code: said.code, title: t('signin.wrong'), title_zh: t('signin.wrong'), advice: t('signin.wrongAdvice'), advice_zh: t('signin.wrongAdvice') })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void attempt(async () => onDone(await calls.open(user.trim(), password, wanted && code ? { code: code.trim() } : {})))
  }
  const besidePassword = () =>
    attempt(async () => onDone(await calls.open(user.trim(), password, { passkey: await showPasskey(wanted?.passkey ?? {}) })))
  const why = `signin.refused.${refused.replace('.', '_')}`
  return (
    <form onSubmit={submit}>
      {refused ? (
        <p className="note note-error" role="alert">
          <span>
            {i18n.exists(why) ? t(why as 'signin.refused.other') : t('signin.refused.other')} <code>{refused}</code>
          </span>
        </p>
      ) : null}
      <label className="form-row">
        <span>{t('signin.user')}</span>
        <Input name="username" autoComplete="username" size="large" value={user} onChange={(e) => setUser(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('signin.password')}</span>
        <Input.Password name="password" autoComplete="current-password" size="large" autoFocus value={password} onChange={(e) => setPassword(e.target.value)} />
      </label>
      {wanted?.passkey ? (
        <Button size="large" block icon={<Icon name="key" />} onClick={() => void besidePassword()}>
          {t('passkey.use')}
        </Button>
      ) : null}
      {wanted?.ways.includes('code') ? (
        <label className="form-row">
          <span>{t('signin.code')}</span>
          <Input name="code" inputMode="numeric" autoComplete="one-time-code" size="large" autoFocus value={code} onChange={(e) => setCode(e.target.value)} />
          <small className="muted">{t('signin.codeText')}</small>
        </label>
      ) : null}
      {wanted && !wanted.ways.length ? <p role="alert">{t('prove.none')}</p> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" htmlType="submit" size="large" block loading={busy} disabled={!user || !password || (wanted !== null && !code)}>
        {t('signin.enter')}
      </Button>
      {offered && (offered.passkeys || offered.providers.length) && !wanted ? (
        <div className="signin-others">
          <p className="muted small">{t('signin.or')}</p>
          {offered.passkeys && knowsPasskeys() ? (
            <Button size="large" block icon={<Icon name="key" />} onClick={() => void attempt(async () => onDone(await ways.passkey()))}>
              {t('passkey.enter')}
            </Button>
          ) : null}
          {offered.providers.map((one) => (
            <Button
              key={`${one.tenant}/${one.provider}`}
              size="large"
              block
              icon={<Icon name="company" />}
              onClick={() => void attempt(async () => location.assign((await ways.account(one.tenant, one.provider)).url))}
            >
              {inLanguage(language, one.title, one.title_zh)}
            </Button>
          ))}
        </div>
      ) : null}
      <p className="muted small">{t('signin.where')}</p>
    </form>
  )
}
