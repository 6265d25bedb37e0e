/** My account: password, language, passkeys, phone, company accounts, where I am signed in. */
import { Button, Input, Segmented } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { Page } from '../../components/Page'
import { usePreferences } from '../../components/preferences'
import { SessionTable } from '../../components/SessionTable'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { mine } from '../../core/access'
import { session as calls } from '../../core/calls'
import type { Language } from '../../core/format'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'
import { MyAccounts } from './MyAccounts'
import { MyFactor } from './MyFactor'
import { MyPasskeys } from './MyPasskeys'

export default function AccountPage() {
  const { t } = useTranslation()
  const { session, language, setLanguage } = usePreferences()
  return (
    <Page title={t('top.me')} sub={`${session?.user ?? ''} · ${session?.tenant ?? ''}`}>
      <div className="cards2">
        {session?.how === 'account' ? null : <MyPassword user={session?.user ?? ''} />}
        <section className="card">
          <h2>{t('top.language')}</h2>
          <Segmented<Language>
            value={language}
            onChange={(next) => setLanguage(next)}
            options={[
              { value: 'zh', label: '简体中文' },
              { value: 'en', label: 'English' },
            ]}
          />
        </section>
        <MyPasskeys />
        <MyFactor />
        <MyAccounts />
        <MySessions />
      </div>
    </Page>
  )
}

function MyPassword({ user }: { user: string }) {
  const { t } = useTranslation()
  const [current, setCurrent] = useState('')
  const [fresh, setFresh] = useState('')
  const [done, setDone] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const save = async (event: FormEvent) => {
    event.preventDefault()
    setProblem(null)
    setDone(false)
    try {
      await calls.setPassword(fresh, current)
      setCurrent('')
      setFresh('')
      setDone(true)
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <section className="card">
      <h2>{t('signin.password')}</h2>
      <form onSubmit={save}>
        <input type="hidden" name="username" autoComplete="username" value={user} readOnly />
        <label className="form-row">
          <span>{t('me.current')}</span>
          <Input.Password autoComplete="current-password" value={current} onChange={(e) => setCurrent(e.target.value)} />
        </label>
        <label className="form-row">
          <span>{t('signin.newPassword')}</span>
          <Input.Password autoComplete="new-password" value={fresh} onChange={(e) => setFresh(e.target.value)} />
        </label>
        {problem ? <ErrorNote problem={problem} /> : null}
        {done ? <p role="status">{t('me.changed')}</p> : null}
        <Button htmlType="submit" disabled={!current || fresh.length < 8}>
          {t('me.change')}
        </Button>
      </form>
    </section>
  )
}

function MySessions() {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const { data, reload } = useAsk('my-sessions', mine.sessions)
  const others = (data ?? []).filter((one) => !one.here).length
  return (
    <section className="card">
      <h2>{t('me.sessions')}</h2>
      <SessionTable rows={data ?? []} onEnd={(one) => void mine.endSession(one).then(reload, trouble)} />
      {others ? <Button onClick={() => void mine.endOthers().then(reload, trouble)}>{t('me.endOthers')}</Button> : null}
    </section>
  )
}
