/** One of the asset types, or none. */
import { Select } from 'antd'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { types } from '../../../core/types'

export function TypeField({ label, value, onChange }: { label: string; value: string; onChange: (type: string) => void }) {
  const language = useLanguageCode()
  const { data } = useAsk('types', types.list)
  const options = (data ?? []).map((line) => ({ value: line.type, label: `${inLanguage(language, line.title, line.title_zh) || line.type} · ${line.type}` }))
  return <Select size="small" showSearch allowClear aria-label={label} placeholder={label} value={value || null} options={options} onChange={(type) => onChange(type ?? '')} />
}
