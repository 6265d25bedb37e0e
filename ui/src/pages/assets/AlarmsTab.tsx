/** The alarms that an asset's type declares, and what the newest values say of each: what needs somebody first. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Link, navigate } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { type Mark, StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { mayAnnotate, splitType } from '../../core/assets'
import { number, unitText } from '../../core/format'
import { pointLink, typeLink } from '../../core/route'
import { type AlarmNow, conditionText, rules } from '../../core/rules'
import { newTaskLink } from '../../core/tasks'

const EVERY_MS = 5000
const MARKS: Record<AlarmNow['state'], Mark> = { normal: 'good', active: 'bad', unknown: 'unknown', unjudged: 'unknown', absent: 'off', off: 'off' }
const WORDS = ['cause', 'consequence', 'response'] as const

export function AlarmsTab({ asset, type }: { asset: string; type: string }) {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk(`alarms:${asset}`, (signal) => rules.alarms(asset, signal), EVERY_MS)
  if (error && !data) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting />
  if (!data.alarms.length) {
    return (
      <Empty icon="audit" title={t('rules.noAlarms')}>
        <Link href={typeLink(splitType(type)[0])}>{t('rules.toType', { type })}</Link>
      </Empty>
    )
  }
  return (
    <>
      <p className="muted small">
        {t('rules.judged')} {data.alarms.some((one) => one.needs_engine && one.state !== 'absent') ? t('rules.needsEngine') : null}
      </p>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      <ul className="card alarm-list">
        {data.alarms.map((one) => (
          <Line key={one.alarm} asset={asset} one={one} stale={error !== null} />
        ))}
      </ul>
    </>
  )
}

/** `stale`: it was so; what is so now was not answered. */
function Line({ asset, one, stale }: { asset: string; one: AlarmNow; stale: boolean }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const { told } = one
  const said = WORDS.map((field) => [field, inLanguage(language, told[field], told[`${field}_zh`])] as const).filter(([, text]) => text)
  const word = inLanguage(language, one.word, one.word_zh)
  const quiet = one.state === 'absent' || one.state === 'off'
  return (
    <li className={`alarm-line alarm-${one.state}`}>
      <span className="alarm-state">
        <StateMark state={stale ? 'stale' : MARKS[one.state]} label={t(`rules.state.${one.state}`)} />
        <small className="muted">{t(`rules.priority.${told.priority ?? 'medium'}`)}</small>
      </span>
      <span>
        <b>{inLanguage(language, told.title, told.title_zh) || one.alarm}</b> <code className="faint">{one.alarm}</code>
        <small className="block">
          {one.point ? <Link href={pointLink(one.point)}>{told.point}</Link> : told.point} {conditionText(told, one.limit, one.unit, word ? { [String(one.value)]: word } : {})}
        </small>
        {one.state === 'active' && mayAnnotate(session) ? (
          <Button size="small" onClick={() => navigate(newTaskLink({ asset, origin: 'alarm', origin_ref: `${asset}/${one.alarm}`, title: inLanguage(language, told.title, told.title_zh) || one.alarm }))}>
            {t('task.makeOne')}
          </Button>
        ) : null}
        {quiet ? <small className="block muted">{inLanguage(language, one.why, one.why_zh)}</small> : null}
      </span>
      <span className="num alarm-value">
        {one.value === null || quiet ? '–' : typeof one.value === 'number' ? number(one.value) : one.value} {quiet ? null : word || unitText(one.unit)}
        {one.time_us !== null && !quiet ? <small className="block muted"><Age us={one.time_us} /></small> : null}
      </span>
      {said.length ? (
        <details className="alarm-words" open={one.state === 'active'}>
          <summary>{t('rules.rationalised')}</summary>
          <dl>
            {said.map(([field, text]) => (
              <div key={field}>
                <dt>{t(`rules.field.${field}`)}</dt>
                <dd>{text}</dd>
              </div>
            ))}
            {told.respond_within ? (
              <div>
                <dt>{t('rules.field.respond_within')}</dt>
                <dd>{told.respond_within}</dd>
              </div>
            ) : null}
          </dl>
        </details>
      ) : null}
    </li>
  )
}
