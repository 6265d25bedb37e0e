/** Why it was so, in words; the tree of reasons proposes them. */
import { Input } from 'antd'

export function CauseField({ value, onChange }: { asset: string; value: string; onChange: (cause: string) => void }) {
  return <Input size="large" maxLength={200} value={value} onChange={(event) => onChange(event.target.value)} />
}
