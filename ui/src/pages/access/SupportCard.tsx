/** Who of the platform asks to come in, is in, or was: the company says yes, for how long, and ends it. */
import { App, Button, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { support } from '../../core/desk'
import type { SupportAccess } from '../../wire/desk'
import { SupportState } from '../desk/SupportState'

const OVER_SHOWN = 5

export function SupportCard() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const trouble = useTrouble()
  const { data, error, reload } = useAsk('support', support.list, 15_000)
  const live = (data ?? []).filter((one) => one.state === 'asked' || one.state === 'open')
  const over = (data ?? []).filter((one) => !live.includes(one)).slice(0, OVER_SHOWN)
  const end = (one: SupportAccess) =>
    modal.confirm({
      title: t('support.endTitle', { who: one.asker }),
      content: t('support.endText'),
      okText: t('support.end'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => support.end(one.id).then(reload, trouble),
    })
  return (
    <section className="card" id="support">
      <h2>{t('support.title')}</h2>
      <p className="muted small">{t('support.text')}</p>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {data && !data.length ? <p className="muted">{t('support.nobody')}</p> : null}
      {live.map((one) => (
        <div key={one.id} className="support-line">
          <SupportState one={one} />
          <p className="support-reason">{one.reason}</p>
          {one.state === 'asked' ? (
            <Answer one={one} onDone={reload} />
          ) : (
            <Button danger onClick={() => end(one)}>
              {t('support.endNow')}
            </Button>
          )}
        </div>
      ))}
      {over.map((one) => (
        <p key={one.id} className="muted small">
          {one.asker} · {one.reason} · {t(one.state === 'refused' ? 'support.state.refused' : 'support.state.over')} · <Age us={one.ended_us ?? one.ends_us ?? one.decided_us ?? one.asked_us} />
        </p>
      ))}
    </section>
  )
}

function Answer({ one, onDone }: { one: SupportAccess; onDone: () => void }) {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const [hours, setHours] = useState<number | null>(one.hours)
  return (
    <div className="bar">
      <label className="support-hours">
        {t('support.hours')} <InputNumber min={0.25} max={one.hours} step={1} value={hours} onChange={setHours} aria-label={t('support.hours')} />
      </label>
      <Button type="primary" onClick={() => void support.allow(one.id, hours).then(onDone, trouble)}>
        {t('support.allow')}
      </Button>
      <Button onClick={() => void support.refuse(one.id).then(onDone, trouble)}>{t('support.refuse')}</Button>
    </div>
  )
}
