/** A phone as second factor, and the recovery codes. */
import { App, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FactorSetup } from '../../components/FactorSetup'
import { ErrorNote } from '../../components/notes'
import { useProof } from '../../components/Prove'
import { RecoveryCodes } from '../../components/RecoveryCodes'
import { useAsk } from '../../components/useAsk'
import { mine } from '../../core/access'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

export function MyFactor() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const { data, reload } = useAsk('my-factor', mine.factor)
  const { attempt, dialog } = useProof()
  const [setting, setSetting] = useState(false)
  const [codes, setCodes] = useState<string[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const run = (work: () => Promise<void>) => {
    setProblem(null)
    return attempt(work, (error) => setProblem(asProblem(error)))
  }
  const drop = () =>
    modal.confirm({
      title: t('factor.dropTitle'),
      content: t('factor.dropText'),
      okText: t('factor.drop'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => run(() => mine.drop().then(reload)),
    })
  const done = () => {
    setSetting(false)
    setCodes(null)
    reload()
  }
  const has = data?.confirmed || (data?.codes_left ?? 0) > 0
  return (
    <section className="card">
      <h2>{t('factor.phone')}</h2>
      <p className="muted small">{t('factor.text')}</p>
      {setting ? (
        <FactorSetup onDone={done} />
      ) : codes ? (
        <RecoveryCodes codes={codes} onKept={done} />
      ) : (
        <>
          {has ? <p>{t(data?.confirmed ? 'factor.left' : 'factor.codesOnly', { n: data?.codes_left ?? 0 })}</p> : null}
          <div className="bar">
            {data?.confirmed ? (
              <Button danger onClick={drop}>
                {t('factor.drop')}
              </Button>
            ) : (
              <Button onClick={() => void run(async () => void (await mine.begin(), setSetting(true)))}>{t('factor.begin')}</Button>
            )}
            {has ? <Button onClick={() => void run(async () => setCodes((await mine.newCodes()).codes))}>{t('factor.newCodes')}</Button> : null}
          </div>
        </>
      )}
      {problem ? <ErrorNote problem={problem} /> : null}
      {dialog}
    </section>
  )
}
