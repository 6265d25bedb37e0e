/** A template as text: its versions, and the next one; what came with the platform is copied under another name. */
import { App, Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { ErrorNote } from '../../components/notes'
import { useTrouble } from '../../components/useTrouble'
import { asProblem } from '../../core/http'
import { templateLink } from '../../core/route'
import { renamedTemplate, templates, type TemplateWhole, validTemplate } from '../../core/devicetemplates'
import type { Problem } from '../../wire/api'

export function TemplateText({ held, may, onWritten }: { held: TemplateWhole; may: boolean; onWritten: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const trouble = useTrouble()
  const [text, setText] = useState(held.text)
  const [version, setVersion] = useState(held.version)
  const [name, setName] = useState(held.shipped ? `${held.template}-own` : held.template)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const other = name !== held.template
  const show = (wanted: number) => {
    setVersion(wanted)
    void templates.get(held.template, wanted).then((found) => setText(found.text), trouble)
  }
  const write = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const kept = await templates.put(name, other ? renamedTemplate(text, name) : text, other ? undefined : held.version)
      message.success(t('templates.saved', { name, version: kept.version }))
      if (other) navigate(templateLink(name))
      else onWritten()
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const line = problem?.fields?.line
  return (
    <section className="card">
      <div className="bar">
        <Select aria-label={t('types.versions')} value={version} popupMatchSelectWidth={false} onChange={show} options={held.versions.map((one) => ({ value: one.version, label: [t('types.versionOf', { version: one.version }), one.changed_by].join(' · ') }))} />
        <span className="grow" />
        {may ? (
          <>
            <label className="template-name">
              {t('templates.saveAs')} <Input value={name} maxLength={64} status={validTemplate(name) ? '' : 'error'} onChange={(event) => setName(event.target.value.trim())} />
            </label>
            <Button type="primary" loading={busy} disabled={!validTemplate(name) || (held.shipped && !other)} onClick={() => void write()}>
              {other ? t('templates.copy') : t('common.save')}
            </Button>
          </>
        ) : null}
      </div>
      {held.shipped ? <p className="muted small">{t('templates.shippedHint')}</p> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      {typeof line === 'number' ? <p className="bad-text">{t('templates.inLine', { line, text: text.split('\n')[line - 1] ?? '' })}</p> : null}
      <Input.TextArea className="mono" autoSize={{ minRows: 12, maxRows: 32 }} readOnly={!may} spellCheck={false} value={text} aria-label={t('device.text')} onChange={(event) => setText(event.target.value)} />
    </section>
  )
}
