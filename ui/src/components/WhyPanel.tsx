/** register → device → driver → scaling → point → stream → lake, each with state, time, last error and what helps. */
import { useTranslation } from 'react-i18next'
import { points } from '../core/calls'
import { clock } from '../core/time'
import type { WhyStep } from '../wire/api'
import { Age } from './Age'
import { EventList } from './EventList'
import { ErrorNote, Waiting } from './notes'
import { Link } from './navigation'
import { inLanguage, useLanguageCode } from './preferences'
import { type Mark, StateMark } from './StateMark'
import { useAsk } from './useAsk'

export function WhyPanel({ point, atUs }: { point: string; atUs?: number | undefined }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk(`why:${point}:${atUs ?? 'now'}`, () => points.why(point, atUs), atUs === undefined ? 3000 : 0)
  if (error && !data) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting rows={4} />
  return (
    <div className="why">
      <p className="why-verdict">
        <StateMark state={data.verdict.state} />
        <span>{inLanguage(language, data.verdict.sentence, data.verdict.sentence_zh)}</span>
        <span className="why-good">
          {t('why.lastGood')} {data.last_good_us ? <Age us={data.last_good_us} /> : t('time.never')}
        </span>
      </p>
      <ol className="why-chain" aria-label={t('why.chain')}>
        {data.chain.map((step, i) => (
          <Step key={`${step.step}${i}`} step={step} />
        ))}
      </ol>
      {data.events.length ? <EventList events={data.events} /> : null}
    </div>
  )
}

function Step({ step }: { step: WhyStep }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const key = `why.step.${step.step}`
  const name = i18n.exists(key) ? t(key as 'why.step.device') : step.step
  return (
    <li className={`why-step is-${step.state}`}>
      <div className="why-step-head">
        <span>{name}</span>
        <StateMark state={step.state as Mark} />
      </div>
      <strong>{inLanguage(language, step.title, step.title_zh)}</strong>
      <p>{inLanguage(language, step.detail, step.detail_zh)}</p>
      {step.error ? (
        <p className="why-error">
          <code>{step.error.code}</code> {inLanguage(language, step.error.title, step.error.title_zh)}
          <br />
          {inLanguage(language, step.error.advice, step.error.advice_zh)}
        </p>
      ) : null}
      <footer>
        {step.time_us ? <span className="num">{clock(step.time_us, Date.now(), { ms: true })}</span> : null}
        {step.action ? <Link href={step.action.link}>{inLanguage(language, step.action.label, step.action.label_zh)}</Link> : null}
      </footer>
    </li>
  )
}
