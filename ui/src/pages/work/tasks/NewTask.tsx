/** A new task: from an asset's page, from an alarm, or from the QR code on a machine by whoever stands before it. */
import { AutoComplete, Button, Input, Segmented } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../../components/FormRow'
import { navigate, useSearch } from '../../../components/navigation'
import { Page } from '../../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../../components/preferences'
import { useTrouble } from '../../../components/useTrouble'
import { assets, mayDescribe } from '../../../core/assets'
import { newKey } from '../../../core/commands'
import { workLink } from '../../../core/route'
import { KINDS, type NewSpec, type TaskKind, tasks } from '../../../core/tasks'
import { dueUs, GiveFields, type Given } from './GiveCard'
import { Outgoing } from './Outgoing'

const REST_MS = 150

export function NewTask() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const trouble = useTrouble()
  const asked = new URLSearchParams(useSearch())
  const [asset, setAsset] = useState(asked.get('asset') ?? '')
  const [title, setTitle] = useState(asked.get('title') ?? '')
  const [text, setText] = useState('')
  const [kind, setKind] = useState<TaskKind>('corrective')
  const [given, setGiven] = useState<Given>({ assignee: '', role: '', due: '', priority: 'medium' })
  const [busy, setBusy] = useState(false)
  const gives = mayDescribe(session)
  const origin = asked.get('origin') === 'alarm' ? ('alarm' as const) : ('person' as const)
  const send = async () => {
    setBusy(true)
    const spec: NewSpec = { asset: asset.trim(), title: title.trim(), text, kind, origin, origin_ref: asked.get('origin_ref') ?? '', ...(gives ? { assignee: given.assignee, role: given.role, due_us: dueUs(given.due), priority: given.priority } : {}) }
    const id = newKey()
    try {
      const became = await tasks.add(spec, id)
      navigate(became === 'sent' ? workLink('tasks', id) : workLink('tasks'), { replace: true })
    } catch (error) {
      trouble(error)
    }
    setBusy(false)
  }
  return (
    <Page title={t(origin === 'alarm' ? 'task.fromAlarm' : 'task.report')} sub={t('task.reportText')}>
      <Outgoing />
      <section className="card task-new">
        <FormRow label={t('word.asset')}>
          <AssetField value={asset} onChange={setAsset} />
        </FormRow>
        <FormRow label={t('task.what')}>
          <Input autoFocus size="large" maxLength={200} value={title} onChange={(event) => setTitle(event.target.value)} />
        </FormRow>
        <FormRow label={t('task.more')}>
          <Input.TextArea autoSize={{ minRows: 3 }} size="large" maxLength={4000} value={text} onChange={(event) => setText(event.target.value)} />
        </FormRow>
        <FormRow label={t('task.kindOf')}>
          <Segmented<TaskKind> size="large" value={kind} onChange={setKind} options={KINDS.map((value) => ({ value, label: t(`task.kind.${value}`) }))} />
        </FormRow>
        {gives ? <GiveFields value={given} onChange={setGiven} /> : null}
        <Button type="primary" size="large" className="task-main" loading={busy} disabled={!asset.trim() || !title.trim()} onClick={() => void send()}>
          {t('task.send')}
        </Button>
      </section>
    </Page>
  )
}

function AssetField({ value, onChange }: { value: string; onChange: (asset: string) => void }) {
  const language = useLanguageCode()
  const [found, setFound] = useState<{ value: string; label: string }[]>([])
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => {
      assets.list({ search: value, limit: 8 }, stop.signal).then(
        (answer) => setFound(answer.assets.map((one) => ({ value: one.asset, label: [inLanguage(language, one.title, one.title_zh), one.asset].filter(Boolean).join(' · ') }))),
        () => undefined,
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [value, language])
  return <AutoComplete size="large" value={value} onChange={(made?: string) => onChange(made ?? '')} options={found} />
}
