/** Sign-in; at the first one, a password of one's own. */
import { Button, Input } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FactorSetup } from '../components/FactorSetup'
import { Icon } from '../components/Icon'
import { ErrorNote } from '../components/notes'
import { usePreferences } from '../components/preferences'
import { session as calls } from '../core/calls'
import { asProblem } from '../core/http'
import type { Problem, Session } from '../wire/api'

export function SignIn({ session, onSession }: { session: Session | null; onSession: (session: Session) => void }) {
  const { t } = useTranslation()
  const { language, setLanguage, theme, setTheme } = usePreferences()
  return (
    <div className="signin">
      <div className="signin-tools">
        <Button type="text" icon={<Icon name="language" />} onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>
          {language === 'zh' ? 'English' : '简体中文'}
        </Button>
        <Button type="text" icon={<Icon name={theme === 'dark' ? 'sun' : 'moon'} />} aria-label={t('top.theme')} onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')} />
      </div>
      <main className="signin-box">
        <div className="signin-brand">
          <img src="/mark.svg" alt="" width={44} height={44} />
          <div>
            <h1>{t('app.name')}</h1>
            <p>{t('app.claim')}</p>
          </div>
        </div>
        {session?.must_set_password ? (
          <SetPassword user={session.user} onDone={onSession} />
        ) : session?.must_set_factor ? (
          <MustSetFactor onDone={onSession} />
        ) : (
          <Credentials onDone={onSession} />
        )}
      </main>
    </div>
  )
}

function MustSetFactor({ onDone }: { onDone: (session: Session) => void }) {
  const { t } = useTranslation()
  return (
    <>
      <h2>{t('factor.mustTitle')}</h2>
      <p className="muted">{t('factor.mustText')}</p>
      <FactorSetup onDone={() => void calls.get().then(onDone)} />
    </>
  )
}

function Credentials({ onDone }: { onDone: (session: Session) => void }) {
  const { t } = useTranslation()
  const [user, setUser] = useState('admin')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState<string | null>(null) // null: not asked for
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      onDone(await calls.open(user.trim(), password, code?.trim()))
    } catch (error) {
      const said = asProblem(error)
      if (said.code === 'auth.code' && code === null) setCode('')
      else setProblem(said)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit}>
      <label className="form-row">
        <span>{t('signin.user')}</span>
        <Input name="username" autoComplete="username" size="large" value={user} onChange={(e) => setUser(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('signin.password')}</span>
        <Input.Password name="password" autoComplete="current-password" size="large" autoFocus value={password} onChange={(e) => setPassword(e.target.value)} />
      </label>
      {code !== null ? (
        <label className="form-row">
          <span>{t('signin.code')}</span>
          <Input name="code" inputMode="numeric" autoComplete="one-time-code" size="large" autoFocus value={code} onChange={(e) => setCode(e.target.value)} />
          <small className="muted">{t('signin.codeText')}</small>
        </label>
      ) : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" htmlType="submit" size="large" block loading={busy} disabled={!user || !password}>
        {t('signin.enter')}
      </Button>
      <p className="muted small">{t('signin.where')}</p>
    </form>
  )
}

const SHORTEST = 10

function SetPassword({ user, onDone }: { user: string; onDone: (session: Session) => void }) {
  const { t } = useTranslation()
  const [first, setFirst] = useState('')
  const [again, setAgain] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const short = first.length > 0 && first.length < SHORTEST
  const differs = again.length > 0 && again !== first
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      await calls.setPassword(first)
      onDone(await calls.get())
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit}>
      <h2>{t('signin.setTitle')}</h2>
      <p className="muted">{t('signin.setWhy')}</p>
      <input type="hidden" name="username" autoComplete="username" value={user} readOnly />
      <label className="form-row">
        <span>{t('signin.newPassword')}</span>
        <Input.Password autoComplete="new-password" size="large" autoFocus status={short ? 'error' : ''} value={first} onChange={(e) => setFirst(e.target.value)} />
        <small className={short ? 'bad-text' : 'muted'}>{t('signin.rule', { n: SHORTEST })}</small>
      </label>
      <label className="form-row">
        <span>{t('signin.again')}</span>
        <Input.Password autoComplete="new-password" size="large" status={differs ? 'error' : ''} value={again} onChange={(e) => setAgain(e.target.value)} />
        {differs ? <small className="bad-text">{t('signin.differs')}</small> : null}
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" htmlType="submit" size="large" block loading={busy} disabled={first.length < SHORTEST || again !== first}>
        {t('signin.setSave')}
      </Button>
    </form>
  )
}
