/** The platform's own pulse, always at the foot of the overview. */
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { useLanguageCode } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { count, span } from '../../core/format'
import type { Pulse } from '../../wire/api'

// A commit every few seconds is normal; beyond this somebody should look.
const SLOW_MS = 1000
const BEHIND_FRAMES = 1000

export function PulseStrip({ pulse }: { pulse: Pulse }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const behind = pulse.backlog_frames > BEHIND_FRAMES
  const slow = (pulse.latency_ms_p99 ?? 0) > SLOW_MS
  const lost = pulse.devices_ok < pulse.devices
  return (
    <Link href="/system" className="pulse" aria-label={t('pulse.label')}>
      <Item label={t('pulse.accepted')} value={count(pulse.accepted_values_s, language)} unit={t('pulse.perSecond')} />
      <Item label={t('pulse.visible')} value={count(pulse.visible_values_s, language)} unit={t('pulse.perSecond')} />
      <Item label={t('pulse.latency')} value={pulse.latency_ms_p99 === null ? '–' : Math.round(pulse.latency_ms_p99).toString()} unit="ms" warn={slow} />
      <Item
        label={t('pulse.backlog')}
        value={count(pulse.backlog_frames, language)}
        unit={pulse.backlog_eta_s ? t('pulse.eta', { span: span(pulse.backlog_eta_s, language) }) : t('pulse.batches')}
        warn={behind}
      />
      <Item label={t('word.devices')} value={`${pulse.devices_ok} / ${pulse.devices}`} unit={t('pulse.connected')} warn={lost} />
      <Item label={t('word.point')} value={count(pulse.points, language)} unit="" />
    </Link>
  )
}

function Item({ label, value, unit, warn }: { label: string; value: string; unit: string; warn?: boolean }) {
  return (
    <span className={`pulse-item ${warn ? 'is-warn' : ''}`}>
      <span className="pulse-label">{label}</span>
      <span className="pulse-value">
        {warn ? <StateMark state="uncertain" word={false} size={13} /> : null}
        <b className="num">{value}</b> <i>{unit}</i>
      </span>
    </span>
  )
}
