/** Who did what to a task, and when; a word to add. */
import { Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { number } from '../../../core/format'
import type { Doing, TaskPage, TaskState } from '../../../core/tasks'
import { clock } from '../../../core/time'

export function TaskSteps({ task, may, onChange }: { task: TaskPage; may: boolean; onChange: (change: Doing, what: string) => Promise<void> }) {
  const { t } = useTranslation()
  const [word, setWord] = useState('')
  const hours = Object.entries(task.progress.hours ?? {})
  const say = (change: Record<string, unknown>): string => {
    const to = typeof change.to === 'string' ? t(`task.state.${change.to as TaskState}`) : ''
    const filled = Array.isArray(change.results) ? t('task.entries', { n: change.results.length }) : ''
    const given = typeof change.assignee === 'string' ? t('task.givenTo', { who: change.assignee || t('task.anybody') }) : ''
    const worked = typeof change.hours === 'number' ? `${number(change.hours)} h` : ''
    return [to, given, filled, change.photo ? t('task.photo') : '', worked, change.cause, change.outcome, change.comment].filter(Boolean).join(' · ')
  }
  return (
    <section className="card">
      <h2>{t('task.history')}</h2>
      <ul className="task-steps">
        {[...task.steps].reverse().map((one) => (
          <li key={one.id}>
            <span className="num muted">{clock(one.at_us, Date.now(), { minutes: true })}</span> <b>{one.by}</b> {say(one.change)}
          </li>
        ))}
        <li>
          <span className="num muted">{clock(task.made_us, Date.now(), { minutes: true })}</span> <b>{task.made_by}</b> {t('task.made')}
        </li>
      </ul>
      {hours.length ? <p className="num">{hours.map(([who, many]) => `${who} ${number(many)} h`).join(' · ')}</p> : null}
      {may ? (
        <Input.Search
          size="large"
          value={word}
          maxLength={4000}
          placeholder={t('task.comment')}
          enterButton={t('task.say')}
          onChange={(event) => setWord(event.target.value)}
          onSearch={(text) => {
            if (!text.trim()) return
            setWord('')
            void onChange({ comment: text.trim() }, t('task.comment'))
          }}
        />
      ) : null}
    </section>
  )
}
