/** The fields of a submodel template: sections of collections, + and − for what is repeated, a row for each language. */
import { AutoComplete, Button, Checkbox, Input, Select } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { useLanguageCode } from '../../components/preferences'
import { unitText } from '../../core/format'
import { type Answer, type Answers, asList, asObject, asText, entriesOf, type Field, isMany, said } from '../../core/templates'

const HOLDERS = ['SubmodelElementCollection', 'SubmodelElementList', 'Entity']
type End = 'min' | 'max' | 'first' | 'second'
const WHOLE = ['Operation', 'Capability', 'BasicEventElement']

interface FieldsProps {
  fields: readonly Field[]
  answers: Answers
  onChange: (answers: Answers) => void
}

export function TemplateFields({ fields, answers, onChange }: FieldsProps) {
  return (
    <>
      {fields.map((field) => (
        <Asked key={`${field.id_short} ${field.kind}`} field={field} answer={answers[field.id_short]} onChange={(answer) => onChange({ ...answers, [field.id_short]: answer })} />
      ))}
    </>
  )
}

interface AskedProps {
  field: Field
  answer: Answer | undefined
  onChange: (answer: Answer) => void
}

function Asked({ field, answer, onChange }: AskedProps) {
  if (isMany(field)) return <Repeated field={field} entries={entriesOf(field, answer)} onChange={onChange} />
  return <One field={field} answer={answer} onChange={onChange} />
}

function Repeated({ field, entries, onChange }: { field: Field; entries: readonly Answer[]; onChange: (answer: Answer) => void }) {
  const { t } = useTranslation()
  const title = useTitle(field)
  const put = (at: number, answer: Answer) => onChange(entries.map((one, i) => (i === at ? answer : one)))
  return (
    <div className="template-many" role="group" aria-label={title}>
      {entries.length ? null : <Label field={field} />}
      {entries.map((entry, at) => (
        <div key={at} className="template-entry">
          {field.is_named ? <Named field={field} answer={asObject(entry)} onChange={(answer) => put(at, answer)} /> : <One field={field} answer={entry} at={at} onChange={(answer) => put(at, answer)} />}
          <Button size="small" type="text" icon={<Icon name="close" size={14} />} disabled={entries.length <= field.least} aria-label={`${t('common.remove')} ${title} ${at + 1}`} onClick={() => onChange(entries.filter((_, i) => i !== at))} />
        </div>
      ))}
      <Button size="small" icon={<Icon name="plus" size={14} />} disabled={field.most > 0 && entries.length >= field.most} onClick={() => onChange([...entries, field.is_named ? {} : null])}>
        {title}
      </Button>
    </div>
  )
}

function Named({ field, answer, onChange }: { field: Field; answer: Answers; onChange: (answer: Answer) => void }) {
  const { t } = useTranslation()
  return (
    <div>
      <label className="form-row">
        <span>{t('template.name')}</span>
        <Input value={asText(answer.idShort)} placeholder={field.id_short} maxLength={128} onChange={(e) => onChange({ ...answer, idShort: e.target.value })} />
      </label>
      <One field={field} answer={answer.value} onChange={(value) => onChange({ ...answer, value })} />
    </div>
  )
}

function One({ field, answer, at, onChange }: AskedProps & { at?: number }) {
  if (HOLDERS.includes(field.kind)) return <Section field={field} answer={answer} at={at} onChange={onChange} />
  if (WHOLE.includes(field.kind)) {
    return (
      <div className="form-row">
        <Checkbox checked={answer === true || field.least > 0} disabled={field.least > 0} onChange={(e) => onChange(e.target.checked)}>
          <Title field={field} />
        </Checkbox>
      </div>
    )
  }
  if (field.kind === 'MultiLanguageProperty') return <Languages field={field} answer={asObject(answer)} onChange={onChange} />
  const pair: readonly End[] | null = field.kind === 'Range' ? ['min', 'max'] : field.kind.endsWith('RelationshipElement') ? ['first', 'second'] : null
  if (pair) return <Pair field={field} names={pair} answer={asObject(answer)} onChange={onChange} />
  return (
    <Label field={field}>
      <Value field={field} text={answer === true || answer === false ? String(answer) : asText(answer)} onChange={onChange} />
    </Label>
  )
}

/** What holds others; what need not be there is folded until somebody opens it. */
function Section({ field, answer, at, onChange }: AskedProps & { at?: number }) {
  const { t } = useTranslation()
  const filled = answer !== undefined && answer !== null && Object.keys(answer).length > 0
  const [open, setOpen] = useState(field.least > 0 || filled || at !== undefined)
  const item = field.kind === 'SubmodelElementList' ? field.fields[0] : undefined
  const held = asObject(answer)
  return (
    <details className="template-section" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>
        <Title field={field} /> {at === undefined ? null : <span className="muted">{at + 1}</span>}
      </summary>
      {open ? (
        <div>
          <Help field={field} />
          {item ? <Repeated field={{ ...item, least: 0, most: 0, id_short: item.id_short || field.id_short, titles: Object.keys(item.titles).length ? item.titles : field.titles }} entries={asList(answer)} onChange={onChange} /> : null}
          {field.kind === 'SubmodelElementCollection' ? <TemplateFields fields={field.fields} answers={held} onChange={onChange} /> : null}
          {field.kind === 'Entity' ? (
            <>
              <label className="form-row">
                <span>{t('shell.assetId')}</span>
                <Input value={asText(held.globalAssetId)} placeholder="urn:…" onChange={(e) => onChange({ ...held, globalAssetId: e.target.value })} />
              </label>
              <TemplateFields fields={field.fields} answers={asObject(held.statements)} onChange={(statements) => onChange({ ...held, statements })} />
            </>
          ) : null}
        </div>
      ) : null}
    </details>
  )
}

function Languages({ field, answer, onChange }: { field: Field; answer: Answers; onChange: (answer: Answer) => void }) {
  const names = [...new Set(['zh', 'en', ...Object.keys(answer)])]
  return (
    <div className="form-row" role="group" aria-label={useTitle(field)}>
      <span>
        <Title field={field} />
      </span>
      {names.map((name) => (
        <Input key={name} prefix={<span className="muted small">{name}</span>} aria-label={name} value={asText(answer[name])} placeholder={name === 'en' ? field.example : ''} onChange={(e) => onChange({ ...answer, [name]: e.target.value })} />
      ))}
      <Help field={field} />
    </div>
  )
}

function Pair({ field, names, answer, onChange }: { field: Field; names: readonly End[]; answer: Answers; onChange: (answer: Answer) => void }) {
  const { t } = useTranslation()
  return (
    <div className="form-row" role="group" aria-label={useTitle(field)}>
      <span>
        <Title field={field} />
      </span>
      <div className="template-pair">
        {names.map((name) => (
          <Input key={name} aria-label={t(`template.end.${name}`)} placeholder={t(`template.end.${name}`)} suffix={unitText(field.unit)} value={asText(answer[name])} onChange={(e) => onChange({ ...answer, [name]: e.target.value })} />
        ))}
      </div>
      <Help field={field} />
    </div>
  )
}

function Value({ field, text, onChange }: { field: Field; text: string; onChange: (answer: Answer) => void }) {
  const { t } = useTranslation()
  const example = field.example ? t('template.example', { text: field.example }) : ''
  const options = field.choices.map(({ value }) => ({ value, label: value }))
  if (field.value_type === 'xs:boolean') {
    const both = ['true', 'false'].map((value) => ({ value, label: t(value === 'true' ? 'template.yes' : 'template.no') }))
    return <Select value={text || undefined} options={both} allowClear placeholder={example} onChange={(value) => onChange(value ?? '')} />
  }
  if (field.is_closed) return <Select value={text || undefined} options={options} allowClear showSearch placeholder={example} onChange={(value) => onChange(value ?? '')} />
  if (options.length) return <AutoComplete value={text} options={options} placeholder={example} onChange={(value) => onChange(value ?? '')} />
  const type = field.value_type === 'xs:date' ? 'date' : 'text'
  return <Input type={type} value={text} placeholder={example} suffix={unitText(field.unit)} onChange={(e) => onChange(e.target.value)} />
}

function useTitle(field: Field): string {
  return said(field.titles, useLanguageCode(), field.id_short)
}

function Title({ field }: { field: Field }) {
  const { t } = useTranslation()
  const title = useTitle(field)
  return (
    <>
      {title}
      {field.least > 0 ? (
        <span className="required" title={t('template.required')}>
          {' '}
          *
        </span>
      ) : null}
      {title === field.id_short ? null : <code className="muted small"> {field.id_short}</code>}
    </>
  )
}

function Help({ field }: { field: Field }) {
  const { t } = useTranslation()
  const text = said(field.texts, useLanguageCode())
  const range = field.low === null && field.high === null ? '' : `${field.low ?? '…'} – ${field.high ?? '…'}`
  const either = field.either ? t('template.either', { name: field.either }) : ''
  const told = [text, range, either].filter(Boolean).join(' · ')
  return told ? <small className="muted template-help">{told}</small> : null
}

function Label({ field, children }: { field: Field; children?: ReactNode }) {
  return (
    <label className="form-row">
      <span>
        <Title field={field} />
      </span>
      {children}
      <Help field={field} />
    </label>
  )
}
