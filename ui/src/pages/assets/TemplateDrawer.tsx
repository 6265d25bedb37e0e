/** Fills in a submodel template for an asset: what is known of it stands there already, what is missing is told. */
import { Alert, Button, Drawer, Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote, Waiting } from '../../components/notes'
import { useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { asProblem } from '../../core/http'
import { type Answers, type Filled, type FilledAnswer, said, templates } from '../../core/templates'
import type { Problem } from '../../wire/api'
import { TemplateFields } from './TemplateFields'

interface TemplateDrawerProps {
  asset: string
  /** Null: a new one. */
  filled: Filled | null
  onClose: () => void
  onSaved: () => void
}

export function TemplateDrawer({ asset, filled, onClose, onSaved }: TemplateDrawerProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [chosen, setChosen] = useState('')
  const [answers, setAnswers] = useState<Answers>({})
  const [found, setFound] = useState<FilledAnswer['findings'] | null>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const list = useAsk(filled ? null : 'aas-templates', (signal) => templates.list(signal))
  const key = filled ? `filled:${filled.id}` : chosen ? `template:${chosen}:${asset}` : null
  const form = useAsk(key, (signal) => (filled ? templates.one(asset, filled.id, signal) : templates.form(chosen, asset, signal)))
  useEffect(() => {
    if (form.data) setAnswers(form.data.answers as Answers)
    setFound(null)
  }, [form.data])
  const template = form.data?.form

  const go = async (how: 'check' | 'whole' | 'incomplete') => {
    if (!template) return
    setBusy(true)
    setProblem(null)
    try {
      const told = await templates.put(asset, filled?.id ?? '', template.id, answers, how === 'whole' ? 'check' : how)
      setFound(told.findings)
      if (how === 'whole' && !told.findings.length) await templates.put(asset, filled?.id ?? '', template.id, answers, 'whole')
      if (how === 'incomplete' || (how === 'whole' && !told.findings.length)) onSaved()
    } catch (error) {
      setProblem(asProblem(error))
    }
    setBusy(false)
  }
  const isKeepable = found !== null && found.length > 0 && found.every((one) => one.code === 'needed' || one.code === 'either')
  return (
    <Drawer
      open
      size={Math.min(640, window.innerWidth)}
      title={filled ? t('template.editTitle', { name: filled.id_short }) : t('template.newTitle', { asset })}
      onClose={onClose}
      mask={{ closable: false }}
      footer={
        <div className="bar asset-foot">
          <Button type="primary" loading={busy} disabled={!template} onClick={() => void go('whole')}>
            {t('common.save')}
          </Button>
          <Button disabled={!template || busy} onClick={() => void go('check')}>
            {t('template.check')}
          </Button>
          {isKeepable ? (
            <Button disabled={busy} onClick={() => void go('incomplete')}>
              {t('template.incomplete')}
            </Button>
          ) : null}
          <Button onClick={onClose}>{t('common.cancel')}</Button>
        </div>
      }
    >
      {filled ? null : (
        <label className="form-row">
          <span>{t('template.template')}</span>
          <Select autoFocus showSearch={{ optionFilterProp: 'label' }} loading={!list.data && !list.error} value={chosen || undefined} placeholder={t('template.choose')} onChange={setChosen} options={(list.data ?? []).map((one) => ({ value: one.id, label: `${said(one.titles, language, one.id_short)} ${one.version}`.trim() }))} />
        </label>
      )}
      {list.data && !list.data.length ? <p className="muted">{t('template.none')}</p> : null}
      {list.error ? <ErrorNote problem={list.error} retry={list.reload} /> : null}
      {form.error ? <ErrorNote problem={form.error} retry={form.reload} /> : null}
      {key && !form.data && !form.error ? <Waiting /> : null}
      {template ? (
        <>
          <p className="muted small">{said(template.texts, language)}</p>
          <TemplateFields key={key ?? ''} fields={template.fields} answers={answers} onChange={setAnswers} />
        </>
      ) : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      {found ? <Findings found={found} /> : null}
    </Drawer>
  )
}

function Findings({ found }: { found: FilledAnswer['findings'] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  if (!found.length) return <Alert type="success" showIcon title={t('template.complete')} />
  return (
    <div role="alert" className="template-findings">
      <b>{t('template.missing', { n: found.length })}</b>
      <ul>
        {found.map((one) => (
          <li key={`${one.code} ${one.path} ${one.message}`}>
            <code>{one.at || one.path}</code>: {one.message}. <span className="muted">{language === 'zh' ? one.advice_zh : one.advice}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
