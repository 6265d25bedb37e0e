/** A life as a line of time, the newest first: what people told, and what the platform knows by itself. */
import { Button, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { clock } from '../../core/time'
import { type LifeLine, particulars, type Phase } from '../../core/life'

const SHOWN = 100
const PHASES: readonly Phase[] = ['designed', 'built', 'maintained']

export function LifeLines({ entries, onCorrect }: { entries: readonly LifeLine[]; onCorrect: ((line: LifeLine) => void) | null }) {
  const { t } = useTranslation()
  const [phase, setPhase] = useState<Phase | 'all'>('all')
  const [all, setAll] = useState(false)
  const found = entries.filter((one) => phase === 'all' || one.phase === phase)
  return (
    <>
      <Segmented size="small" value={phase} onChange={setPhase} options={[{ value: 'all' as const, label: t('life.all') }, ...PHASES.map((value) => ({ value, label: t(`life.${value}`) }))]} aria-label={t('life.phase')} />
      {found.length ? null : <p className="muted">{t('assets.noEvents')}</p>}
      <ol className="life-line">
        {found.slice(0, all ? undefined : SHOWN).map((one, i) => (
          <Line key={one.id || `${one.kind}${one.time_us}${i}`} one={one} onCorrect={onCorrect} />
        ))}
      </ol>
      {!all && found.length > SHOWN ? <Button onClick={() => setAll(true)}>{t('assets.more', { n: found.length - SHOWN })}</Button> : null}
    </>
  )
}

function Line({ one, onCorrect }: { one: LifeLine; onCorrect: ((line: LifeLine) => void) | null }) {
  const { t, i18n } = useTranslation()
  const key = `life.kind.${one.kind}`
  const word = i18n.exists(key) ? t(key as 'life.kind.note') : one.kind
  const { serial, previous, points, version, type } = one.detail
  const facts = [
    ...particulars(one.detail),
    typeof type === 'string' && typeof version === 'number' ? `${type}@${version}` : '',
    typeof points === 'number' ? t('life.points', { n: points }) : '',
    serial ? t('life.serialOf', { serial: String(serial) }) : '',
    previous ? t('life.previousOf', { serial: String(previous) }) : '',
  ]
  return (
    <li className={`life-event is-${one.phase} ${one.corrected_by ? 'is-corrected' : ''}`}>
      <time className="num">{clock(one.time_us, Date.now(), { date: true })}</time>
      <div>
        <b>{word}</b> <span className="tag">{t(`life.${one.phase}`)}</span>
        {one.corrected_by ? <span className="tag">{t('life.corrected')}</span> : null}
        {one.corrects ? <span className="tag">{t('life.correction')}</span> : null}
        <p>{facts.filter(Boolean).join(' · ')}</p>
        <small className="muted">
          {one.by || t('life.byItself')}
          {onCorrect && one.id && one.phase !== 'designed' && !one.corrected_by && TOLD_BY_PEOPLE.test(one.id) ? (
            <Button type="link" size="small" onClick={() => onCorrect(one)}>
              {t('life.correct')}
            </Button>
          ) : null}
        </small>
      </div>
    </li>
  )
}

const TOLD_BY_PEOPLE = /^l_(?![0-9a-f]{16}$)/ // what the registry entered itself is not put right by hand
