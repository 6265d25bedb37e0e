/** One application: what it says, what stands against it, what was said, and what to do next. */
import { Button, Drawer, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { packages, queue } from '../../core/desk'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'
import type { Application } from '../../wire/desk'
import { ApplicationState } from './QueueCard'

const FACTS = ['credit_code', 'region', 'contact', 'phone', 'email', 'wish', 'package'] as const
const WAITING = ['new', 'taken', 'asked']

export function ApplicationDrawer({ one, onClose, onChanged, onSecret }: { one: Application; onClose: () => void; onChanged: () => void; onSecret: (secret: { name: string; password: string }) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await work()
      onChanged()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const secret = () =>
    attempt(async () => {
      const made = await queue.secret(one.id)
      onSecret({ name: made.admin, password: made.password })
    })
  const waiting = WAITING.includes(one.state)
  return (
    <Drawer open title={inLanguage(language, one.title, one.title_zh) || one.id} onClose={onClose} size="large">
      <p>
        <ApplicationState one={one} /> <code>{one.id}</code> {one.simulated ? <span className="tag">{t('state.simulated')}</span> : null}
      </p>
      {one.doubles.map((double) => (
        <p key={`${double.what}${double.name}`} className="tag is-bad">
          {t(`desk.doubles.${double.what}` as 'desk.doubles.id', { name: double.name || t('desk.otherRegion') })}
        </p>
      ))}
      <dl className="facts">
        {FACTS.map((fact) => (
          <div key={fact}>
            <dt>{t(fact === 'region' ? 'company.region' : fact === 'package' ? 'desk.package' : `desk.field.${fact}`)}</dt>
            <dd>{one[fact] || '–'}</dd>
          </div>
        ))}
      </dl>
      {problem ? <ErrorNote problem={problem} /> : null}
      {waiting ? (
        <>
          <div className="bar">
            <Button onClick={() => void attempt(() => queue.take(one.id))}>{t('desk.take')}</Button>
          </div>
          <Approval one={one} attempt={attempt} onSecret={onSecret} />
          <Saying attempt={attempt} id={one.id} />
        </>
      ) : null}
      {one.state === 'approved' ? (
        <div className="bar">
          {one.finished ? null : <Button onClick={() => void attempt(() => queue.approve(one.id, { tenant: '', admin: '', package: '' }))}>{t('desk.finish')}</Button>}
          <Button onClick={() => void secret()}>{t('desk.newSecret')}</Button>
        </div>
      ) : null}
      <h3>{t('desk.history')}</h3>
      <ul className="ways">
        {one.history.map((step) => (
          <li key={step.time_us + step.what}>
            <span className="ways-main">
              <span>
                {t(`desk.step.${step.what}` as 'desk.step.made')} · {step.who || t('desk.applicant')} · <Age us={step.time_us} />
              </span>
              {step.text ? <span>{step.text}</span> : null}
            </span>
          </li>
        ))}
      </ul>
    </Drawer>
  )
}

type Attempt = (work: () => Promise<unknown>) => Promise<void>

function Approval({ one, attempt, onSecret }: { one: Application; attempt: Attempt; onSecret: (secret: { name: string; password: string }) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const known = useAsk('packages', packages.list)
  const [as, setAs] = useState({ tenant: one.wish, admin: '', package: one.package || 'first-steps' })
  const approve = () =>
    attempt(async () => {
      const made = await queue.approve(one.id, as)
      if (made.password) onSecret({ name: made.application.admin, password: made.password })
    })
  return (
    <>
      <h3>{t('desk.approve')}</h3>
      <label className="form-row">
        <span>{t('company.field.tenant')}</span>
        <Input value={as.tenant} onChange={(e) => setAs({ ...as, tenant: e.target.value })} />
      </label>
      <label className="form-row">
        <span>{t('company.field.admin')}</span>
        <Input value={as.admin} placeholder={as.tenant ? `${as.tenant}-admin` : ''} onChange={(e) => setAs({ ...as, admin: e.target.value })} />
      </label>
      <label className="form-row">
        <span>{t('desk.package')}</span>
        <Select aria-label={t('desk.package')} value={as.package} onChange={(name) => setAs({ ...as, package: name })} options={(known.data ?? []).map((p) => ({ value: p.name, label: inLanguage(language, p.title, p.title_zh) || p.name, disabled: Boolean(p.error) }))} />
      </label>
      <p className="muted small">{t('desk.approveText')}</p>
      <Button type="primary" disabled={!as.tenant} onClick={() => void approve()}>
        {t('desk.approveDo')}
      </Button>
    </>
  )
}

function Saying({ id, attempt }: { id: string; attempt: Attempt }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const said = (work: () => Promise<unknown>) =>
    attempt(async () => {
      await work()
      setText('')
    })
  return (
    <>
      <h3>{t('desk.say')}</h3>
      <Input.TextArea rows={2} maxLength={2000} value={text} aria-label={t('desk.say')} onChange={(e) => setText(e.target.value)} />
      <div className="bar">
        <Button disabled={!text.trim()} onClick={() => void said(() => queue.ask(id, text))}>
          {t('desk.askBack')}
        </Button>
        <Button danger disabled={!text.trim()} onClick={() => void said(() => queue.refuse(id, text))}>
          {t('desk.refuse')}
        </Button>
      </div>
    </>
  )
}
