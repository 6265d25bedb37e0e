/** One field of a driver's form, drawn from its manifest. */
import { Input, InputNumber, Select, Switch } from 'antd'
import { useLanguageCode } from '../../components/preferences'
import type { Option } from '../../wire/api'

export function OptionField({ option, value, wrong, onChange }: { option: Option; value: unknown; wrong: boolean; onChange: (value: unknown) => void }) {
  const language = useLanguageCode()
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value)
  const id = `option-${option.name}`
  const status = wrong ? 'error' : ''
  return (
    <div className="form-row">
      <label htmlFor={id}>
        {option.label[language]}
        {option.required ? <b className="required"> *</b> : null}
      </label>
      {option.type === 'boolean' ? (
        <Switch id={id} checked={value === true} onChange={onChange} />
      ) : option.type === 'integer' || option.type === 'number' ? (
        <InputNumber id={id} value={typeof value === 'number' ? value : null} {...(option.type === 'integer' ? { precision: 0 } : {})} status={status} onChange={(n) => onChange(n ?? undefined)} />
      ) : option.type === 'choice' ? (
        <Select id={id} value={text || undefined} status={status} onChange={onChange} options={(option.choices ?? []).map((choice) => ({ value: choice, label: choice }))} />
      ) : option.type === 'secret' ? (
        <Input.Password id={id} autoComplete="new-password" value={text} status={status} onChange={(e) => onChange(e.target.value)} />
      ) : option.type === 'text' ? (
        <Input.TextArea id={id} autoSize={{ minRows: 2, maxRows: 10 }} value={text} status={status} onChange={(e) => onChange(e.target.value)} />
      ) : (
        <Input id={id} value={text} status={status} spellCheck={false} onChange={(e) => onChange(e.target.value)} />
      )}
      {option.help ? <small className="muted">{option.help[language]}</small> : null}
    </div>
  )
}
