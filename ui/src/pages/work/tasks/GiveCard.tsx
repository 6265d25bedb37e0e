/** Who is to do it and until when: for whoever plans. */
import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../../components/FormRow'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { type Doing, PRIORITIES, type Priority, type TaskPage, tasks } from '../../../core/tasks'
import { inputTime } from '../../../core/time'

export interface Given {
  assignee: string
  role: string
  due: string
  priority: Priority
}

/** µs since the epoch of what somebody chose; null for none. */
export const dueUs = (due: string): number | null => (due && !Number.isNaN(Date.parse(due)) ? Date.parse(due) * 1000 : null)

export function GiveFields({ value, onChange }: { value: Given; onChange: (value: Given) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const workers = useAsk('workers', tasks.workers)
  const set = (change: Partial<Given>) => onChange({ ...value, ...change })
  return (
    <div className="cards2 asset-pair">
      <FormRow label={t('task.person')}>
        <Select allowClear showSearch size="large" value={value.assignee || null} placeholder={t('task.anybody')} onChange={(assignee: string | null | undefined) => set({ assignee: assignee ?? '' })} options={(workers.data?.people ?? []).map((one) => ({ value: one.name, label: one.name }))} />
      </FormRow>
      <FormRow label={t('task.role')}>
        <Select allowClear size="large" value={value.role || null} placeholder={t('task.anybody')} onChange={(role: string | null | undefined) => set({ role: role ?? '' })} options={Object.entries(workers.data?.roles ?? {}).map(([role, [english = role, chinese]]) => ({ value: role, label: inLanguage(language, english, chinese) }))} />
      </FormRow>
      <FormRow label={t('task.due')}>
        <Input type="datetime-local" size="large" value={value.due} onChange={(event) => set({ due: event.target.value })} />
      </FormRow>
      <FormRow label={t('task.priority')}>
        <Select<Priority> size="large" value={value.priority} onChange={(priority) => set({ priority })} options={PRIORITIES.map((one) => ({ value: one, label: t(`rules.priority.${one}`) }))} />
      </FormRow>
    </div>
  )
}

export function GiveCard({ task, onChange }: { task: TaskPage; onChange: (change: Doing, what: string) => Promise<void> }) {
  const { t } = useTranslation()
  const { spec } = task
  const held: Given = { assignee: spec.assignee ?? '', role: spec.role ?? '', due: typeof spec.due_us === 'number' ? inputTime(spec.due_us).slice(0, 16) : '', priority: spec.priority ?? 'medium' }
  const [given, setGiven] = useState<Given | null>(null)
  const now = given ?? held
  if (task.state === 'verified' || task.state === 'cancelled') return null
  const send = async () => {
    await onChange({ assignee: now.assignee, role: now.role, due_us: dueUs(now.due), priority: now.priority }, t('task.give'))
    setGiven(null)
  }
  return (
    <section className="card">
      <h2>{t('task.give')}</h2>
      <GiveFields value={now} onChange={setGiven} />
      {given ? (
        <Button size="large" type="primary" onClick={() => void send()}>
          {t('common.save')}
        </Button>
      ) : null}
    </section>
  )
}
