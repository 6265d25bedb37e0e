import { AutoComplete, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { companies } from '../../core/access'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

const FIELDS = ['tenant', 'title_zh', 'title', 'credit_code', 'admin'] as const

export function AddCompany({ onClose, onMade }: { onClose: () => void; onMade: (made: { admin: string; password: string }) => void }) {
  const { t } = useTranslation()
  const regions = useAsk('regions', companies.regions)
  const [form, setForm] = useState({ tenant: '', title: '', title_zh: '', region: '', credit_code: '', admin: '' })
  const [problem, setProblem] = useState<Problem | null>(null)
  const make = async () => {
    setProblem(null)
    try {
      if (form.region && !(regions.data ?? []).some((one) => one.region === form.region)) await companies.addRegion(form.region)
      onMade(await companies.add(form))
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <Modal open title={t('company.add')} okText={t('company.make')} cancelText={t('common.cancel')} okButtonProps={{ disabled: !form.tenant }} onOk={make} onCancel={onClose}>
      {FIELDS.map((field) => (
        <label key={field} className="form-row">
          <span>{t(`company.field.${field}`)}</span>
          <Input value={form[field]} onChange={(e) => setForm({ ...form, [field]: e.target.value })} />
        </label>
      ))}
      <label className="form-row">
        <span>{t('company.region')}</span>
        <AutoComplete value={form.region} onChange={(region) => setForm({ ...form, region })} options={(regions.data ?? []).map((one) => ({ value: one.region }))} />
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
