/** How a task stands, by shape and word; who it is for; when it is due. */
import { useTranslation } from 'react-i18next'
import { type Mark, StateMark } from '../../../components/StateMark'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import type { Task, TaskState, Workers } from '../../../core/tasks'
import { clock } from '../../../core/time'

const MARKS: Record<TaskState, Mark> = { open: 'uncertain', accepted: 'connecting', in_progress: 'connecting', done: 'good', verified: 'good', refused: 'bad', cancelled: 'off' }

export function TaskMark({ state }: { state: TaskState }) {
  const { t } = useTranslation()
  return <StateMark state={MARKS[state]} label={t(`task.state.${state}`)} />
}

export function ForWhom({ task, roles }: { task: Pick<Task, 'spec'>; roles?: Workers['roles'] | undefined }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { assignee, role } = task.spec
  const [english, chinese] = roles?.[role ?? ''] ?? []
  if (assignee) return <b>{assignee}</b>
  return <span className="muted">{role ? inLanguage(language, english ?? role, chinese) : t('task.anybody')}</span>
}

export function Due({ task }: { task: Pick<Task, 'spec' | 'late'> }) {
  const { t } = useTranslation()
  const due = task.spec.due_us
  if (typeof due !== 'number') return null
  const time = clock(due, Date.now(), { minutes: true })
  return task.late ? <StateMark state="bad" label={t('task.late', { at: time })} /> : <span className="num">{t('task.dueAt', { at: time })}</span>
}
