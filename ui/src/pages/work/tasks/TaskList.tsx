/** What is to be done: mine first, on a phone; all of it, for whoever plans. */
import { Button, Segmented, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/Icon'
import { Link, navigate, useSearch } from '../../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../../components/notes'
import { Page } from '../../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { mayAnnotate, mayDescribe } from '../../../core/assets'
import { workLink } from '../../../core/route'
import { newTaskLink, type Task, tasks, tasksLink } from '../../../core/tasks'
import { Outgoing } from './Outgoing'
import { Due, ForWhom, TaskMark } from './TaskMark'

const EVERY_MS = 10_000
const SHOWN = ['mine', 'late', 'open', 'done', 'verified', 'all'] as const
type Shown = (typeof SHOWN)[number]

export function TaskList() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const asked = new URLSearchParams(useSearch())
  const shown = SHOWN.find((one) => one === asked.get('show')) ?? 'mine'
  const [asset, assignee] = [asked.get('asset') ?? '', asked.get('who') ?? '']
  const gives = mayDescribe(session)
  const want = { asset, assignee, mine: shown === 'mine', state: shown === 'mine' ? 'open' : shown === 'all' ? '' : shown }
  const { data, error, reload } = useAsk(`tasks:${JSON.stringify(want)}`, (signal) => tasks.list(want, signal), EVERY_MS)
  const workers = useAsk(gives ? 'workers' : null, tasks.workers)
  const go = (next: Record<string, string>) => navigate(tasksLink({ show: shown === 'mine' ? '' : shown, asset, who: assignee, ...next }), { replace: true })
  return (
    <Page
      title={t('task.title')}
      sub={t('task.text')}
      tools={
        mayAnnotate(session) ? (
          <Button type="primary" size="large" icon={<Icon name="plus" size={16} />} onClick={() => navigate(newTaskLink(asset ? { asset } : {}))}>
            {t('task.new')}
          </Button>
        ) : null
      }
    >
      <div className="bar task-bar">
        <Segmented<Shown> size="large" value={shown} onChange={(show) => go({ show: show === 'mine' ? '' : show })} options={SHOWN.map((value) => ({ value, label: t(`task.show.${value}`) }))} aria-label={t('task.show.title')} />
        {gives && shown !== 'mine' ? <Select allowClear showSearch size="large" className="task-who" value={assignee || null} placeholder={t('task.who')} onChange={(who: string | null | undefined) => go({ who: who ?? '' })} options={(workers.data?.people ?? []).map((one) => ({ value: one.name, label: one.name }))} aria-label={t('task.who')} /> : null}
        {asset ? (
          <Button size="large" onClick={() => go({ asset: '' })}>
            {asset} ✕
          </Button>
        ) : null}
      </div>
      <Outgoing />
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && !data.tasks.length ? <Empty icon="check" title={t(shown === 'mine' ? 'task.noneMine' : 'task.none')} /> : null}
      <ul className="task-list">
        {data?.tasks.map((task) => (
          <Line key={task.id} task={task} roles={workers.data?.roles} />
        ))}
      </ul>
    </Page>
  )
}

function Line({ task, roles }: { task: Task; roles: Record<string, string[]> | undefined }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { spec } = task
  const lines = spec.checklist?.length ?? 0
  return (
    <li>
      <Link href={workLink('tasks', task.id)} className={`task-line ${task.late ? 'is-late' : ''}`}>
        <span className="task-head">
          <small className="num muted">#{task.number}</small>
          <b>{inLanguage(language, spec.title, spec.title_zh)}</b>
        </span>
        <span className="muted">{inLanguage(language, task.asset_title, task.asset_title_zh) || spec.asset}</span>
        <span className="task-facts">
          <TaskMark state={task.state} />
          {spec.priority === 'critical' || spec.priority === 'high' ? <span className="tag">{t(`rules.priority.${spec.priority}`)}</span> : null}
          <span className="tag">{t(`task.kind.${spec.kind ?? 'corrective'}`)}</span>
          <ForWhom task={task} roles={roles} />
          <Due task={task} />
          {lines ? <span className="num muted">{t('task.filled', { n: lines - task.missing.length, of: lines })}</span> : null}
        </span>
      </Link>
    </li>
  )
}
