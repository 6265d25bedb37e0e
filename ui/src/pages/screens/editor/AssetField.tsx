/** An asset, found by name, code or pinyin. */
import { Select } from 'antd'
import { useState } from 'react'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { assets } from '../../../core/assets'

const FOUND = 30

export function AssetField({ label, value, onChange }: { label: string; value: string; onChange: (asset: string) => void }) {
  const language = useLanguageCode()
  const [search, setSearch] = useState<string | null>(null)
  const { data } = useAsk(search === null ? null : `assets-pick:${search}`, (signal) => assets.list({ search: search ?? '', limit: FOUND }, signal))
  const options = (data?.assets ?? []).map((line) => ({ value: line.asset, label: `${inLanguage(language, line.title, line.title_zh) || line.asset} · ${line.asset}` }))
  return <Select size="small" showSearch={{ filterOption: false, onSearch: setSearch }} allowClear aria-label={label} placeholder={label} value={value || null} options={options} onOpenChange={(open) => open && setSearch('')} onChange={(asset) => onChange(asset ?? '')} />
}
