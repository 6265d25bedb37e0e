/** Properties as rows of name and value; what the type asks for and is not there can be taken with one click. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import type { Property } from '../../core/assets'
import { readCell, writtenCell } from '../../core/assettable'

export interface PropertyRow {
  key: number
  name: string
  value: string
}

let last = 0
const row = (name: string, value: string): PropertyRow => ({ key: ++last, name, value })

export const rowsFrom = (properties: Readonly<Record<string, Property>>): PropertyRow[] => Object.entries(properties).map(([name, value]) => row(name, writtenCell(value)))

export function propertiesOf(rows: readonly PropertyRow[]): Record<string, Property> {
  return Object.fromEntries(rows.filter((one) => one.name.trim() && one.value !== '').map((one) => [one.name.trim(), readCell(one.value) ?? '']))
}

type Known = Readonly<Record<string, { title?: string; title_zh?: string; unit?: string }>>

export function PropertyRows({ rows, onChange, known }: { rows: readonly PropertyRow[]; onChange: (rows: PropertyRow[]) => void; known: Known }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const change = (key: number, more: Partial<PropertyRow>) => onChange(rows.map((one) => (one.key === key ? { ...one, ...more } : one)))
  const called = (name: string) => inLanguage(language, known[name]?.title, known[name]?.title_zh) || name
  const missing = Object.keys(known).filter((name) => !rows.some((one) => one.name.trim() === name))
  return (
    <div className="asset-props">
      {rows.map((one) => (
        <div key={one.key}>
          <input className="field" value={one.name} placeholder={t('assets.propertyName')} aria-label={t('assets.propertyName')} title={called(one.name)} onChange={(e) => change(one.key, { name: e.target.value })} />
          <input className="field" value={one.value} placeholder={t('assets.propertyValue')} aria-label={`${t('assets.propertyValue')} ${one.name}`} onChange={(e) => change(one.key, { value: e.target.value })} />
          <span className="unit">{known[one.name.trim()]?.unit ?? ''}</span>
          <Button size="small" type="text" icon={<Icon name="close" size={14} />} aria-label={`${t('common.remove')} ${one.name}`} onClick={() => onChange(rows.filter((other) => other.key !== one.key))} />
        </div>
      ))}
      <div className="bar">
        <Button size="small" icon={<Icon name="plus" size={14} />} onClick={() => onChange([...rows, row('', '')])}>
          {t('assets.addProperty')}
        </Button>
        {missing.map((name) => (
          <button key={name} type="button" className="chip" onClick={() => onChange([...rows, row(name, '')])}>
            + {called(name)}
          </button>
        ))}
      </div>
    </div>
  )
}
