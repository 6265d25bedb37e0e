/** The fields of one KPI; what functions there are stands below its formula, each a button that writes it. */
import { Button, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../components/FormRow'
import { FUNCTIONS, type TypeKpi } from '../../core/rules'

export function KpiFields({ kpi, onSay }: { kpi: TypeKpi; onSay: (more: Partial<TypeKpi>) => void }) {
  const { t } = useTranslation()
  const add = (name: string) => onSay({ expression: `${kpi.expression ?? ''}${kpi.expression ? ' ' : ''}${name}(` })
  return (
    <>
      <FormRow label={t('rules.field.expression')}>
        <Input.TextArea className="mono" autoSize={{ minRows: 2 }} value={kpi.expression ?? ''} placeholder="integral(power) / delta(parts)" spellCheck={false} onChange={(e) => onSay({ expression: e.target.value })} />
      </FormRow>
      <div className="rules-functions">
        {FUNCTIONS.map((name) => (
          <Button key={name} size="small" type="text" title={t(`rules.function.${name}`)} onClick={() => add(name)}>
            <code>{name}</code>
          </Button>
        ))}
      </div>
      <p className="muted small">{t('rules.formulaHint')}</p>
      <FormRow label={t('rules.field.unit')}>
        <Input value={kpi.unit ?? ''} placeholder="kW.h, %, /h" onChange={(e) => onSay({ unit: e.target.value.trim() })} />
      </FormRow>
      <div className="rules-pair">
        <FormRow label={t('rules.field.better')}>
          <Select allowClear value={kpi.better ?? undefined} onChange={(value?: 'higher' | 'lower') => onSay({ better: value ?? null })} options={(['higher', 'lower'] as const).map((value) => ({ value, label: t(`rules.better.${value}`) }))} />
        </FormRow>
        <FormRow label={t('rules.field.target')}>
          <InputNumber value={kpi.target ?? null} onChange={(value) => onSay({ target: value })} />
        </FormRow>
      </div>
      <div className="rules-pair">
        <FormRow label={t('rules.field.title_zh')}>
          <Input value={kpi.title_zh ?? ''} maxLength={200} onChange={(e) => onSay({ title_zh: e.target.value })} />
        </FormRow>
        <FormRow label={t('rules.field.title')}>
          <Input value={kpi.title ?? ''} maxLength={200} onChange={(e) => onSay({ title: e.target.value })} />
        </FormRow>
      </div>
      <FormRow label={t('rules.field.semantic')}>
        <Input value={kpi.semantic ?? ''} placeholder="0173-1#02-AAO677#004" onChange={(e) => onSay({ semantic: e.target.value.trim() })} />
      </FormRow>
    </>
  )
}
