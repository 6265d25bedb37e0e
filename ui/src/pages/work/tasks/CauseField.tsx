/** Why it was so: the asset's tree of reasons proposes, other words may be typed. */
import { AutoComplete } from 'antd'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import type { Language } from '../../../core/format'
import { type Reason, tasks } from '../../../core/tasks'

export function CauseField({ asset, value, onChange }: { asset: string; value: string; onChange: (cause: string) => void }) {
  const language = useLanguageCode()
  const { data } = useAsk(`reasons:${asset}`, (signal) => tasks.reasons(asset, signal))
  const options = choices(data?.reasons ?? [], language)
  return <AutoComplete size="large" maxLength={200} value={value} options={options} filterOption={(typed, option) => `${option?.value ?? ''} ${option?.label ?? ''}`.toLowerCase().includes(typed.toLowerCase())} onChange={(cause?: string) => onChange(cause ?? '')} />
}

/** Every reason with its path, `mechanical/bearing`, in the reader's words. */
function choices(reasons: readonly Reason[], language: Language, path = '', words = ''): { value: string; label: string }[] {
  return reasons.flatMap((one) => {
    const value = `${path}${one.key}`
    const label = `${words}${inLanguage(language, one.title, one.title_zh) || one.key}`
    return [{ value, label }, ...choices(one.reasons, language, `${value}/`, `${label} › `)]
  })
}
