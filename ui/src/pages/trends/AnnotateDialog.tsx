/** A note on the plant's time: written between the marks, shown in every trend of its asset, changed or taken away later. */
import { App, Button, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { episode as calls } from '../../core/calls'
import { asProblem } from '../../core/http'
import { inputTime } from '../../core/time'
import type { Episode, Problem } from '../../wire/api'

export const ANNOTATION = 'annotation'

export interface AnnotateProps {
  /** New ones have an empty id. */
  note: Episode
  assets: readonly { asset: string; title: string }[]
  onClose: () => void
  onSaved: () => void
}

export function AnnotateDialog({ note, assets, onClose, onSaved }: AnnotateProps) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const { session } = usePreferences()
  const [title, setTitle] = useState(note.title || note.title_zh || '')
  const [asset, setAsset] = useState(note.asset)
  const [from, setFrom] = useState(note.start_us)
  const [to, setTo] = useState(note.end_us ?? note.start_us)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true)
    setProblem(null)
    try {
      await work()
      onSaved()
      onClose()
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const save = () =>
    attempt(() => {
      const id = note.id || `${ANNOTATION}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`
      return calls.save({ ...note, id, title: title.trim(), title_zh: '', asset, start_us: from, end_us: to, attributes: { ...note.attributes, by: note.id ? (note.attributes?.by ?? '') : (session?.user ?? '') } })
    })
  const remove = () =>
    modal.confirm({
      title: t('annotate.removeTitle'),
      content: note.title,
      okText: t('common.remove'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => calls.remove(note.id)),
    })
  const by = typeof note.attributes?.by === 'string' ? note.attributes.by : ''
  const time = (value: string) => Date.parse(value) * 1000
  return (
    <Modal
      open
      title={t(note.id ? 'annotate.edit' : 'annotate.title')}
      onCancel={onClose}
      footer={
        <div className="bar">
          {note.id ? (
            <Button danger onClick={remove}>
              {t('common.remove')}
            </Button>
          ) : null}
          <span className="grow" />
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="primary" loading={busy} disabled={!title.trim() || !(to >= from)} onClick={save}>
            {t('common.save')}
          </Button>
        </div>
      }
    >
      <label className="form-row">
        <span>{t('annotate.text')}</span>
        <Input.TextArea autoFocus rows={2} maxLength={500} value={title} onChange={(e) => setTitle(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('word.asset')}</span>
        <Select value={asset} aria-label={t('word.asset')} onChange={(next: string) => setAsset(next)} options={[...assets.map((one) => ({ value: one.asset, label: one.title })), { value: '', label: t('annotate.plant') }]} />
      </label>
      <div className="annotate-times">
        <label className="form-row">
          <span>{t('range.from')}</span>
          <input className="field" type="datetime-local" step={1} value={inputTime(from)} onChange={(e) => e.target.value && setFrom(time(e.target.value))} />
        </label>
        <label className="form-row">
          <span>{t('range.to')}</span>
          <input className="field" type="datetime-local" step={1} value={inputTime(to)} onChange={(e) => e.target.value && setTo(time(e.target.value))} />
        </label>
      </div>
      {to < from ? <p className="bad-text">{t('range.wrong')}</p> : null}
      {by ? <p className="muted small">{t('annotate.by', { name: by })}</p> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
