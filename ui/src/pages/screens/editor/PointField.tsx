/** Which point stands for something: found by name or title, or written with `~` and `${variable}`. */
import { AutoComplete } from 'antd'
import { useEffect, useState } from 'react'
import { useLanguageCode } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { points } from '../../../core/calls'
import { unitText } from '../../../core/format'
import { spoken } from '../../../core/spoken'
import { types } from '../../../core/types'

const FOUND = 20

export interface PointFieldProps {
  label: string
  value: string
  onChange: (ref: string) => void
  /** The type that the screen is drawn for: its points are offered as `~quantity`. */
  of?: string
}

export function PointField({ label, value, onChange, of = '' }: PointFieldProps) {
  const language = useLanguageCode()
  const [typed, setTyped] = useState(value)
  const [open, setOpen] = useState(false)
  useEffect(() => setTyped(value), [value])
  const wanted = typed === value && value ? (value.split('.').at(0) ?? '') : typed
  const found = useAsk(open ? `pick:${wanted}` : null, (signal) => points.list({ search: wanted, limit: FOUND }, signal))
  const type = useAsk(of && open ? `type:${of}` : null, (signal) => types.get(of, undefined, signal))
  const own = Object.entries(type.data?.whole.points ?? {}).map(([name, told]) => ({ value: `~${name}`, label: <Line title={(language === 'zh' && told.title_zh) || told.title || name} name={`~${name}`} unit={told.unit ?? ''} /> }))
  const options = (found.data?.points ?? []).map((raw) => {
    const point = spoken(language, raw)
    return { value: point.name, label: <Line title={[point.asset_title, point.title || point.quantity].filter(Boolean).join(' · ')} name={point.name} unit={point.unit} /> }
  })
  const say = (text: string) => {
    if (text.trim() !== value) onChange(text.trim())
  }
  return (
    <AutoComplete
      className="draw-point"
      size="small"
      value={typed}
      options={[...own.filter((one) => one.value.includes(typed) || !typed), ...options]}
      open={open}
      onOpenChange={setOpen}
      onChange={(text: string) => (setTyped(text), text === '' && say(''))}
      onSelect={(name: string) => (setTyped(name), setOpen(false), say(name))}
      onBlur={() => say(typed)}
      popupMatchSelectWidth={320}
      allowClear
      aria-label={label}
      placeholder={label}
    />
  )
}

function Line({ title, name, unit }: { title: string; name: string; unit: string }) {
  return (
    <span className="draw-found">
      <span>{title}</span>
      <code>{name}</code>
      <i className="unit">{unitText(unit)}</i>
    </span>
  )
}
