/** The fields of one alarm: only those that its condition has. */
import { Input, InputNumber, Select, Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../components/FormRow'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { unitText } from '../../core/format'
import { spoken } from '../../core/spoken'
import { limitOf, PRIORITIES, type TypeAlarm, type Whole, WHENS } from '../../core/rules'

export interface AlarmFieldsProps {
  alarm: TypeAlarm
  whole: Whole
  /** An inherited one is about its point and condition for good. */
  inherited: boolean
  onSay: (more: Partial<TypeAlarm>) => void
}

const WORDS = ['cause', 'consequence', 'response'] as const

export function AlarmFields({ alarm, whole, inherited, onSay }: AlarmFieldsProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const points = Object.entries(whole.points ?? {}).filter(([, point]) => point.kind !== 'burst')
  const point = whole.points?.[alarm.point ?? '']
  const when = alarm.when ?? 'high'
  const isLevel = when.startsWith('high') || when.startsWith('low')
  const unit = unitText(point?.unit ?? '')
  const text = (field: 'title' | 'title_zh') => <Input value={alarm[field] ?? ''} maxLength={200} onChange={(e) => onSay({ [field]: e.target.value })} />
  const span = (field: 'per' | 'after' | 'on_delay' | 'off_delay' | 'respond_within') => (
    <FormRow label={t(`rules.field.${field}`)}>
      <Input value={alarm[field] ?? ''} placeholder="10s, 5min, 1h" onChange={(e) => onSay({ [field]: e.target.value.trim() })} />
    </FormRow>
  )
  return (
    <>
      <FormRow label={t('command.point')}>
        <Select value={alarm.point || undefined} disabled={inherited} showSearch optionFilterProp="label" onChange={(value) => onSay({ point: value, ...(whole.points?.[value]?.kind === 'state' ? { when: 'state', limit: null } : {}) })} options={points.map(([key, one]) => ({ value: key, label: `${inLanguage(language, one.title, one.title_zh) || key} (${key})` }))} />
      </FormRow>
      <FormRow label={t('rules.field.when')}>
        <Select value={when} disabled={inherited} onChange={(value) => onSay({ when: value })} options={WHENS.map((value) => ({ value, label: t(`rules.when.${value}`) }))} />
      </FormRow>
      {isLevel || when === 'rate' ? (
        <FormRow label={[t('rules.field.limit'), unit].filter(Boolean).join(' · ')}>
          <InputNumber value={alarm.limit ?? null} placeholder={isLevel ? String(limitOf({ ...alarm, limit: null }, whole) ?? '') : ''} onChange={(value) => onSay({ limit: value })} />
        </FormRow>
      ) : null}
      {when === 'rate' ? span('per') : null}
      {when === 'stale' ? span('after') : null}
      {when === 'state' ? (
        <FormRow label={t('rules.field.states')}>
          <Select mode="tags" value={alarm.states ?? []} onChange={(value: string[]) => onSay({ states: value })} options={Object.entries((point && spoken(language, point).states) ?? {}).map(([value, word]) => ({ value, label: `${value} ${word}` }))} />
        </FormRow>
      ) : null}
      {isLevel || when === 'rate' ? (
        <FormRow label={[t('rules.field.deadband'), unit].filter(Boolean).join(' · ')}>
          <InputNumber min={0} value={alarm.deadband || null} onChange={(value) => onSay({ deadband: value ?? undefined })} />
        </FormRow>
      ) : null}
      <div className="rules-pair">
        {span('on_delay')}
        {span('off_delay')}
      </div>
      <FormRow label={t('rules.field.priority')}>
        <Select value={alarm.priority ?? 'medium'} onChange={(value) => onSay({ priority: value })} options={PRIORITIES.map((value) => ({ value, label: t(`rules.priority.${value}`) }))} />
      </FormRow>
      <div className="rules-pair">
        <FormRow label={t('rules.field.title_zh')}>{text('title_zh')}</FormRow>
        <FormRow label={t('rules.field.title')}>{text('title')}</FormRow>
      </div>
      <h3>{t('rules.rationalised')}</h3>
      {WORDS.map((field) => (
        <div className="rules-pair" key={field}>
          {([`${field}_zh`, field] as const).map((one) => (
            <FormRow key={one} label={`${t(`rules.field.${field}`)} · ${one === field ? 'English' : '中文'}`}>
              <Input.TextArea autoSize value={alarm[one] ?? ''} maxLength={2000} onChange={(e) => onSay({ [one]: e.target.value })} />
            </FormRow>
          ))}
        </div>
      ))}
      {span('respond_within')}
      <FormRow label={t('rules.field.enabled')}>
        <Switch checked={alarm.enabled !== false} onChange={(on) => onSay({ enabled: on ? undefined : false })} />
      </FormRow>
    </>
  )
}
