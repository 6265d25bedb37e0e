/** One line about one request: who, what, how it stands, until when. */
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { usePreferences } from '../../components/preferences'
import { StateMark, type Mark } from '../../components/StateMark'
import { clock } from '../../core/time'
import type { SupportAccess } from '../../wire/desk'

const MARK: Record<string, Mark> = { asked: 'uncertain', open: 'connected', refused: 'disabled', over: 'disabled' }

export function SupportState({ one, company }: { one: SupportAccess; company?: string }) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const level = t(`support.level.${one.level}` as 'support.level.read')
  const state = t(`support.state.${one.state}` as 'support.state.open')
  return (
    <p className="support-state">
      <StateMark state={MARK[one.state] ?? 'unknown'} label={state} /> <b>{company ?? one.asker}</b> {company ? <span className="muted">{one.asker}</span> : null} {level}
      {language === 'zh' ? ',' : ', '}
      {one.state === 'open' && one.ends_us ? t('support.until', { when: clock(one.ends_us, Date.now(), { date: true }) }) : one.state === 'asked' ? t('support.for', { n: one.hours }) : <Age us={one.ended_us ?? one.ends_us ?? one.decided_us ?? one.asked_us} />}
    </p>
  )
}
