/** What comes next, as buttons that a glove hits; with what is to be told when the work is done. */
import { Button, Input, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../../components/FormRow'
import type { Doing, TaskPage, TaskState } from '../../../core/tasks'
import { CauseField } from './CauseField'

const MAIN: Partial<Record<TaskState, TaskState>> = { open: 'in_progress', accepted: 'in_progress', in_progress: 'done', done: 'verified', refused: 'open' }
const CHECKED: readonly TaskState[] = ['verified', 'cancelled']

interface Props {
  task: TaskPage
  works: boolean
  onChange: (change: Doing, what: string) => Promise<void>
}

export function NextSteps({ task, works, onChange }: Props) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [hours, setHours] = useState<number | null>(null)
  const [cause, setCause] = useState(task.progress.cause ?? '')
  const [outcome, setOutcome] = useState(task.progress.outcome ?? '')
  const [why, setWhy] = useState('')
  const [asked, setAsked] = useState<TaskState | null>(null) // for whose reason is asked
  const main = MAIN[task.state]
  const next = task.next.filter((to) => task.gives || !CHECKED.includes(to))
  const go = async (to: TaskState, more: Doing = {}) => {
    setBusy(true)
    await onChange({ to, ...more }, t(`task.to.${to}`))
    setBusy(false)
    setAsked(null)
    setWhy('')
  }
  if (!works) return null
  const ends = task.state === 'in_progress'
  const told: Doing = ends ? { cause, outcome, ...(hours ? { hours } : {}) } : {}
  const needsWhy = (to: TaskState) => to === 'refused' || to === 'cancelled' || (task.state === 'done' && to === 'in_progress')
  return (
    <section className="card task-next">
      {ends ? (
        <>
          <h2>{t('task.ending')}</h2>
          {task.spec.kind === 'inspection' ? null : (
            <FormRow label={t('task.cause')}>
              <CauseField asset={task.spec.asset} value={cause} onChange={setCause} />
            </FormRow>
          )}
          <FormRow label={t('task.outcome')}>
            <Input.TextArea autoSize={{ minRows: 2 }} size="large" maxLength={4000} value={outcome} onChange={(event) => setOutcome(event.target.value)} />
          </FormRow>
          <FormRow label={t('task.hours')}>
            <InputNumber size="large" inputMode="decimal" min={0} max={200} step={0.25} value={hours} suffix="h" onChange={setHours} />
          </FormRow>
          {task.missing.length ? <p className="muted">{t('task.left', { n: task.missing.length })}</p> : null}
        </>
      ) : null}
      {asked ? (
        <>
          <FormRow label={t('task.reason')}>
            <Input.TextArea autoFocus autoSize={{ minRows: 2 }} size="large" maxLength={4000} value={why} onChange={(event) => setWhy(event.target.value)} />
          </FormRow>
          <Button size="large" danger type="primary" className="task-main" disabled={!why.trim()} loading={busy} onClick={() => void go(asked, { comment: why.trim() })}>
            {t(`task.to.${asked}`)}
          </Button>
          <Button size="large" onClick={() => setAsked(null)}>
            {t('common.cancel')}
          </Button>
        </>
      ) : (
        <>
          {main && next.includes(main) ? (
            <Button size="large" type="primary" className="task-main" loading={busy} disabled={main === 'done' && task.missing.length > 0} onClick={() => void go(main, told)}>
              {t(`task.to.${main}`)}
            </Button>
          ) : null}
          <span className="task-others">
            {next
              .filter((to) => to !== main && !(task.state === 'in_progress' && to === 'accepted'))
              .map((to) => (
                <Button key={to} size="large" onClick={() => (needsWhy(to) ? setAsked(to) : void go(to))}>
                  {t(task.state === 'done' && to === 'in_progress' ? 'task.sendBack' : `task.to.${to}`)}
                </Button>
              ))}
          </span>
        </>
      )}
    </section>
  )
}
