/** Which values of a point mean yes: its states by their words, or numbers. */
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'

export interface WhenFieldProps {
  label: string
  value: readonly number[]
  /** What the point says of its states: code → word. */
  states: Readonly<Record<string, string>>
  onChange: (values: number[] | undefined) => void
}

export function WhenField({ label, value, states, onChange }: WhenFieldProps) {
  const { t } = useTranslation()
  const options = Object.entries(states).map(([code, word]) => ({ value: code, label: `${code} ${word}` }))
  const say = (codes: string[]) => {
    const numbers = [...new Set(codes.map((code) => Number(code.trim())).filter(Number.isFinite))].sort((a, b) => a - b)
    onChange(numbers.length ? numbers : undefined)
  }
  return <Select size="small" mode="tags" aria-label={label} placeholder={t('drawing.whenAny')} value={value.map(String)} options={options} onChange={say} optionFilterProp="label" />
}
