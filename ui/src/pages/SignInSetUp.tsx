/** The first minutes of an installation: names, a second way in, and what to do next. */
import { Button, Input, Segmented } from 'antd'
import { type FormEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../components/CopyButton'
import { Icon } from '../components/Icon'
import { ErrorNote } from '../components/notes'
import { usePreferences } from '../components/preferences'
import type { Language } from '../core/format'
import { asProblem } from '../core/http'
import { setUp } from '../core/signin'
import type { Problem } from '../wire/api'
import { FactorChoice } from './SignInFactor'

const STEPS = ['names', 'factor', 'next'] as const
type Step = (typeof STEPS)[number]

export function SignInSetUp({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const [step, setStep] = useState<Step>('names')
  return (
    <div className="setup">
      <p className="muted small num">{t('setup.step', { n: STEPS.indexOf(step) + 1, of: STEPS.length })}</p>
      {step === 'names' ? <Names onDone={() => setStep('factor')} /> : null}
      {step === 'factor' ? (
        <>
          <h2>{t('setup.factorTitle')}</h2>
          <p className="muted">{t('setup.factorText')}</p>
          <FactorChoice onDone={() => setStep('next')} />
          <Button type="link" onClick={() => setStep('next')}>
            {t('setup.later')}
          </Button>
        </>
      ) : null}
      {step === 'next' ? <Next onDone={onDone} /> : null}
    </div>
  )
}

function Names({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const { language, setLanguage } = usePreferences()
  const [title, setTitle] = useState('')
  const [site, setSite] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => {
    setUp.named().then(
      (held) => {
        setTitle((now) => now || held.title)
        setSite((now) => now || held.site)
      },
      () => undefined, // two empty fields will do
    )
  }, [])
  const save = async (event: FormEvent) => {
    event.preventDefault()
    setProblem(null)
    try {
      await setUp.name(title, site)
      onDone()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <form onSubmit={save}>
      <h2>{t('setup.namesTitle')}</h2>
      <label className="form-row">
        <span>{t('setup.company')}</span>
        <Input size="large" autoFocus autoComplete="organization" maxLength={100} value={title} placeholder={t('setup.companyPlace')} onChange={(e) => setTitle(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('setup.site')}</span>
        <Input size="large" maxLength={100} value={site} placeholder={t('setup.sitePlace')} onChange={(e) => setSite(e.target.value)} />
      </label>
      <div className="form-row">
        <span>{t('top.language')}</span>
        <Segmented<Language>
          value={language}
          onChange={(next) => setLanguage(next)}
          options={[
            { value: 'zh', label: '简体中文' },
            { value: 'en', label: 'English' },
          ]}
        />
      </div>
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" htmlType="submit" size="large" block>
        {t(title.trim() ? 'setup.go' : 'setup.later')}
      </Button>
    </form>
  )
}

function Next({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const go = (path: string) => {
    history.pushState(null, '', path)
    dispatchEvent(new PopStateEvent('popstate'))
    onDone()
  }
  return (
    <>
      <h2>{t('setup.nextTitle')}</h2>
      <Button type="primary" size="large" block icon={<Icon name="connect" />} onClick={() => go('/connect/add')}>
        {t('setup.addDevice')}
      </Button>
      <section>
        <h3>{t('setup.tour')}</h3>
        <p className="muted small">{t('setup.tourText')}</p>
        <p>
          <code>baigong demo --tour</code> <CopyButton text="baigong demo --tour" />
        </p>
      </section>
      <Button size="large" block onClick={onDone}>
        {t('setup.look')}
      </Button>
    </>
  )
}
