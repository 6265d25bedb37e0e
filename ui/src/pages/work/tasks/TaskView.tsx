/** One task: what is to be done, where, what was found; the next step as one large button. Works without a network. */
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/Icon'
import { Link } from '../../../components/navigation'
import { ErrorNote, Waiting } from '../../../components/notes'
import { Page } from '../../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { useOutbox } from '../../../components/useOutbox'
import { useTrouble } from '../../../components/useTrouble'
import { mayAnnotate } from '../../../core/assets'
import { assetLink, workLink } from '../../../core/route'
import { type Check, type Doing, type Found, tasks, withWaiting } from '../../../core/tasks'
import { Checklist } from './Checklist'
import { GiveCard } from './GiveCard'
import { NextSteps } from './NextSteps'
import { Outgoing } from './Outgoing'
import { Photos } from './Photos'
import { Due, ForWhom, TaskMark } from './TaskMark'
import { TaskSteps } from './TaskSteps'

const EVERY_MS = 10_000

export function TaskView({ task }: { task: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const trouble = useTrouble()
  const waiting = useOutbox(task)
  const { data, error, reload } = useAsk(`task:${task}`, (signal) => tasks.get(task, signal), EVERY_MS)
  const back = (
    <Link href={workLink('tasks')} className="assets-back is-shown">
      <Icon name="chevron" size={16} /> {t('task.title')}
    </Link>
  )
  if (!data) {
    return (
      <Page title={t('task.one')}>
        {back}
        {error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}
      </Page>
    )
  }
  const shown = withWaiting(data, waiting)
  const { spec, progress } = shown
  const works = mayAnnotate(session) && (shown.mine || shown.gives) && !['verified', 'cancelled'].includes(shown.state)
  const change = async (made: Doing, what: string) => {
    await tasks.change(task, made, what).catch(trouble)
    reload()
  }
  const result = (check: Check, value: Found['value'], note: string) => {
    const begins = shown.state === 'open' || shown.state === 'accepted' // whoever fills in has begun
    void change({ ...(begins ? { to: 'in_progress' } : {}), results: [{ item: check.item, value: value ?? null, ...(note ? { note } : {}) }] }, inLanguage(language, check.title, check.title_zh) || check.item)
  }
  return (
    <>
      {back}
      <Page
        title={`#${shown.number} ${inLanguage(language, spec.title, spec.title_zh)}`}
        sub={
          <span className="sub-line">
            <TaskMark state={shown.state} />
            <Link href={assetLink(spec.asset)}>{inLanguage(language, shown.asset_title, shown.asset_title_zh) || spec.asset}</Link>
            <span className="tag">{t(`task.kind.${spec.kind ?? 'corrective'}`)}</span>
            <span>{t(`rules.priority.${spec.priority ?? 'medium'}`)}</span>
            <ForWhom task={shown} />
            <Due task={shown} />
          </span>
        }
      >
        <Outgoing about={task} />
        <div className="task-page">
          <div>
            {spec.text || spec.origin_ref ? (
              <section className="card">
                {spec.text ? <p className="task-text">{spec.text}</p> : null}
                {spec.origin_ref ? (
                  <p className="muted small">
                    {t(`task.origin.${spec.origin ?? 'person'}`)} <code>{spec.origin_ref}</code>
                  </p>
                ) : null}
              </section>
            ) : null}
            {spec.checklist?.length ? (
              <section className="card">
                <h2>{t('task.checklist')}</h2>
                <Checklist checklist={spec.checklist} found={progress.results ?? {}} may={works && shown.state !== 'done'} onResult={result} />
              </section>
            ) : null}
            <NextSteps task={shown} works={works} onChange={change} />
          </div>
          <div>
            <Photos task={task} number={shown.number} photos={progress.photos ?? []} may={mayAnnotate(session)} onSent={reload} />
            {data.gives ? <GiveCard task={data} onChange={change} /> : null}
            <TaskSteps task={shown} may={mayAnnotate(session)} onChange={change} />
          </div>
        </div>
      </Page>
    </>
  )
}
