/** At the first sign-in: a password of one's own. */
import { Button, Input } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../components/notes'
import { session as calls } from '../core/calls'
import { asProblem } from '../core/http'
import type { Problem, Session } from '../wire/api'

const SHORTEST = 10

export function SignInPassword({ user, onDone }: { user: string; onDone: (session: Session) => void }) {
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
