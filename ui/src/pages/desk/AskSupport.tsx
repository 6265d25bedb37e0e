/** Ask a company to let me in: why, how far, for how long. */
import { AutoComplete, Input, InputNumber, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { companies } from '../../core/access'
import { support } from '../../core/desk'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

const LEVELS = ['look', 'read', 'operate'] as const
const LONGEST = 168

export function AskSupport({ onClose, onAsked }: { onClose: () => void; onAsked: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [form, setForm] = useState({ tenant: '', reason: '', level: 'read', hours: 8 })
  const [problem, setProblem] = useState<Problem | null>(null)
  const found = useAsk(`companies:${form.tenant}`, () => companies.list(form.tenant))
  const ask = async () => {
    setProblem(null)
    try {
      const { tenant, ...wish } = form
      await support.ask(tenant.trim(), wish)
      onAsked()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <Modal open title={t('support.ask')} okText={t('support.send')} cancelText={t('common.cancel')} okButtonProps={{ disabled: !form.tenant.trim() || form.reason.trim().length < 3 }} onOk={ask} onCancel={onClose}>
      <label className="form-row">
        <span>{t('word.tenant')}</span>
        <AutoComplete value={form.tenant} onChange={(tenant) => setForm({ ...form, tenant })} options={(found.data ?? []).slice(0, 20).map((one) => ({ value: one.tenant, label: `${inLanguage(language, one.title ?? '', one.title_zh) || one.tenant} · ${one.tenant}` }))} />
      </label>
      <label className="form-row">
        <span>{t('support.reason')}</span>
        <Input.TextArea rows={2} maxLength={500} value={form.reason} onChange={(e) => setForm({ ...form, reason: e.target.value })} />
      </label>
      <label className="form-row">
        <span>{t('support.levelTitle')}</span>
        <Select value={form.level} onChange={(level) => setForm({ ...form, level })} options={LEVELS.map((level) => ({ value: level, label: t(`support.level.${level}`) }))} />
      </label>
      <label className="form-row">
        <span>{t('support.hours')}</span>
        <InputNumber min={0.25} max={LONGEST} value={form.hours} onChange={(hours) => setForm({ ...form, hours: hours ?? 8 })} />
      </label>
      <p className="muted small">{t('support.askText')}</p>
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
