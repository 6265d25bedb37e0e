import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FactorSetup } from '../../components/FactorSetup'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { mine } from '../../core/access'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

export function MyFactor() {
  const { t } = useTranslation()
  const { data, reload } = useAsk('my-factor', mine.factor)
  const [setting, setSetting] = useState(false)
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const drop = async () => {
    setProblem(null)
    try {
      await mine.drop(password)
      setPassword('')
      reload()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <section className="card">
      <h2>{t('factor.title')}</h2>
      <p className="muted small">{t('factor.text')}</p>
      {setting ? (
        <FactorSetup
          onDone={() => {
            setSetting(false)
            reload()
          }}
        />
      ) : data?.confirmed ? (
        <>
          <p>{t('factor.left', { n: data.codes_left })}</p>
          <div className="bar">
            <Input.Password autoComplete="current-password" value={password} placeholder={t('signin.password')} aria-label={t('signin.password')} onChange={(e) => setPassword(e.target.value)} />
            <Button danger disabled={!password} onClick={drop}>
              {t('factor.drop')}
            </Button>
          </div>
          {problem ? <ErrorNote problem={problem} /> : null}
        </>
      ) : (
        <Button onClick={() => setSetting(true)}>{t('factor.begin')}</Button>
      )}
    </section>
  )
}
