/** The test in plain steps: what worked, where it stopped, what helps. */
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { StateMark } from '../../components/StateMark'
import type { TestVerdict } from '../../wire/api'

export function Verdict({ verdict, busy }: { verdict: TestVerdict | null; busy: boolean }) {
  const { t, i18n } = useTranslation()
  if (!verdict) return busy ? <p className="muted">{t('add.testing')}</p> : <p className="muted">{t('add.testHint')}</p>
  return (
    <div className={`verdict ${verdict.ok ? 'is-ok' : 'is-failed'}`} role="status">
      <p className="verdict-line">
        <StateMark state={verdict.ok ? 'good' : 'bad'} word={false} />
        <strong>{verdict.ok ? t('add.works') : t('add.fails')}</strong> {verdict.error ? null : verdict.detail}
      </p>
      <ol>
        {verdict.steps.map((step) => {
          const key = `teststep.${step.name.replace(/\W+/g, '_')}`
          return (
            <li key={step.name}>
              <StateMark state={step.ok ? 'good' : 'bad'} word={false} size={14} />
              <span>{i18n.exists(key) ? t(key as 'teststep.connect') : step.name}</span>
              <span className="muted">{verdict.error?.title === step.detail ? null : step.detail}</span>
              {step.ms !== undefined && step.ms > 0 ? <span className="num muted">{step.ms < 10 ? step.ms.toFixed(1) : Math.round(step.ms)} ms</span> : null}
            </li>
          )
        })}
      </ol>
      {verdict.error ? <ErrorNote problem={verdict.error} /> : null}
    </div>
  )
}
