/** Hands chosen files in: what they are is asked once, how far they are is shown, and it can be stopped. */
import { AutoComplete, Input, Modal, Progress, Select } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../components/FormRow'
import { ErrorNote } from '../../components/notes'
import { useLanguageCode } from '../../components/preferences'
import { CLASSES, classKey, type Document, type Subject, titleOf, upload } from '../../core/documents'
import { bytes } from '../../core/format'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

interface AddProps {
  of: Subject
  files: readonly File[]
  /** The document whose next version this is. */
  replaces: Document | null
  onClose: () => void
}

export function AddDocuments({ of, files, replaces, onClose }: AddProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [title, setTitle] = useState(replaces?.title ?? titleOf(files[0]?.name ?? ''))
  const [kind, setKind] = useState(replaces?.kind ?? '')
  const [said, setSaid] = useState(replaces?.language ?? language)
  const [version, setVersion] = useState('')
  const [from, setFrom] = useState('')
  const [done, setDone] = useState<readonly number[] | null>(null) // of each file, 0 to 1
  const [problem, setProblem] = useState<Problem | null>(null)
  const left = useRef(0) // the first file that is not there yet
  const stop = useRef<AbortController | null>(null)
  const go = async () => {
    setProblem(null)
    stop.current = new AbortController()
    try {
      for (; left.current < files.length; left.current++) {
        const at = left.current
        const file = files[at] as File
        const told = { title: files.length === 1 ? title : titleOf(file.name), kind, language: said.trim(), version, valid_from: from, ...(replaces && at === 0 ? { replaces: replaces.id } : {}) }
        await upload(of, file, told, (part) => setDone(files.map((_, i) => (i < at ? 1 : i === at ? part : 0))), stop.current.signal)
      }
      onClose()
    } catch (error) {
      if (!stop.current.signal.aborted) setProblem(asProblem(error))
      setDone(null)
    }
  }
  const close = () => {
    if (done) stop.current?.abort()
    else onClose()
  }
  const total = files.reduce((sum, file) => sum + file.size, 0)
  const sent = done ? files.reduce((sum, file, i) => sum + file.size * (done[i] ?? 0), 0) : 0
  return (
    <Modal open title={replaces ? t('documents.replaceTitle', { title: replaces.title }) : t('documents.addTitle', { n: files.length })} okText={t('documents.hand')} cancelText={done ? t('documents.stop') : t('common.cancel')} okButtonProps={{ loading: done !== null, disabled: files.length === 1 && !title.trim() }} onOk={() => void go()} onCancel={close} mask={{ closable: false }}>
      <ul className="document-files">
        {files.map((file) => (
          <li key={file.name}>
            <span>{file.name}</span> <span className="muted num">{bytes(file.size)}</span>
          </li>
        ))}
      </ul>
      {files.length === 1 ? (
        <FormRow label={t('documents.title')}>
          <Input value={title} maxLength={200} onChange={(e) => setTitle(e.target.value)} autoFocus />
        </FormRow>
      ) : null}
      <FormRow label={t('documents.kind')}>
        <Select value={kind} onChange={setKind} options={[{ value: '', label: t('documents.noKind') }, ...CLASSES.map((value) => ({ value: value as string, label: `${value} ${t(`documents.${classKey(value)}`)}` }))]} />
      </FormRow>
      <div className="cards2 asset-pair">
        <FormRow label={t('documents.version')}>
          <Input value={version} maxLength={200} onChange={(e) => setVersion(e.target.value)} />
        </FormRow>
        <FormRow label={t('documents.validFrom')}>
          <Input type="date" value={from} onChange={(e) => setFrom(e.target.value)} />
        </FormRow>
        <FormRow label={t('documents.language')}>
          <AutoComplete value={said} onChange={setSaid} options={['zh', 'en', 'de', 'ja'].map((value) => ({ value }))} />
        </FormRow>
      </div>
      {done ? <Progress percent={total ? Math.round((100 * sent) / total) : 0} aria-label={t('documents.sent')} /> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
