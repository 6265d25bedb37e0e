/** What is asked of a company that wants to come: the same for itself and for whoever enters it. */
import { Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { WishForm } from '../core/desk'
import { inLanguage, useLanguageCode } from './preferences'

const FIELDS = ['title_zh', 'title', 'credit_code', 'contact', 'phone', 'email', 'wish'] as const
const LONGEST = { title_zh: 200, title: 200, credit_code: 40, contact: 200, phone: 40, email: 200, wish: 64 }
const FILLS = { title_zh: 'organization', title: 'organization', credit_code: 'off', contact: 'name', phone: 'tel', email: 'email', wish: 'off' }

export interface Choice {
  value: string
  title: string
  title_zh: string
}

export function WishFields({ form, onChange, regions, packages }: { form: WishForm; onChange: (form: WishForm) => void; regions: Choice[]; packages: Choice[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const options = (from: Choice[]) => from.map((one) => ({ value: one.value, label: inLanguage(language, one.title, one.title_zh) || one.value }))
  return (
    <>
      {FIELDS.map((field) => (
        <label key={field} className="form-row">
          <span>{t(`desk.field.${field}`)}</span>
          <Input value={form[field]} maxLength={LONGEST[field]} autoComplete={FILLS[field]} name={field} onChange={(e) => onChange({ ...form, [field]: e.target.value })} />
          {field === 'credit_code' || field === 'wish' ? <small className="muted">{t(`desk.hint.${field}`)}</small> : null}
        </label>
      ))}
      {regions.length ? (
        <label className="form-row">
          <span>{t('company.region')}</span>
          <Select allowClear aria-label={t('company.region')} value={form.region || null} onChange={(region) => onChange({ ...form, region: region ?? '' })} options={options(regions)} />
        </label>
      ) : null}
      {packages.length ? (
        <label className="form-row">
          <span>{t('desk.package')}</span>
          <Select allowClear aria-label={t('desk.package')} value={form.package || null} onChange={(name) => onChange({ ...form, package: name ?? '' })} options={options(packages)} />
        </label>
      ) : null}
    </>
  )
}
