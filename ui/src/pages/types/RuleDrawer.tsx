/** One alarm or KPI by a form; what it says goes into the type's text, where it is checked as everything typed is. */
import { Button, Drawer, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../components/FormRow'
import { type Section, type TypeAlarm, type TypeKpi, toWrite, withRule } from '../../core/rules'
import type { TypeWhole } from '../../core/types'
import { AlarmFields } from './AlarmFields'
import { KpiFields } from './KpiFields'

export interface RuleDrawerProps {
  section: Section
  /** Null: a new one. */
  name: string | null
  made: Pick<TypeWhole, 'whole' | 'came' | 'chain'>
  text: string
  onText: (text: string) => void
  onClose: () => void
}

const NAME = { alarms: /^[\p{L}\p{N}_][\p{L}\p{N}_-]{0,63}$/u, kpis: /^[\p{L}_][\p{L}\p{N}_]{0,63}$/u }

export function RuleDrawer({ section, name, made, text, onText, onClose }: RuleDrawerProps) {
  const { t } = useTranslation()
  const held = name === null ? {} : (made.whole[section]?.[name] ?? {})
  const [called, setCalled] = useState(name ?? '')
  const [alarm, setAlarm] = useState<TypeAlarm>(section !== 'alarms' ? {} : name === null ? { point: '', when: 'high', priority: 'medium' } : held)
  const [kpi, setKpi] = useState<TypeKpi>(section === 'kpis' ? held : {})
  const [refused, setRefused] = useState(false)
  const inherited = name !== null && made.came[`${section}.${name}`] !== made.chain.at(-1)
  const known = new Set(Object.keys(made.whole[section] ?? {}))
  const ready = NAME[section].test(called) && (name !== null || !known.has(called)) && (section === 'alarms' ? Boolean(alarm.point) : Boolean(kpi.expression?.trim()))
  const write = () => {
    const next = withRule(text, section, called, toWrite(held as Record<string, unknown>, { ...(section === 'alarms' ? alarm : kpi) }, inherited))
    if (next === null) return setRefused(true)
    onText(next)
    onClose()
  }
  return (
    <Drawer
      open
      width={520}
      title={t(section === 'alarms' ? 'rules.alarm' : 'rules.kpi')}
      onClose={onClose}
      extra={
        <Button type="primary" disabled={!ready} onClick={write}>
          {t('rules.intoText')}
        </Button>
      }
    >
      {refused ? <p className="note">{t('rules.notBlock')}</p> : null}
      {inherited ? <p className="muted small">{t('rules.inherited', { type: made.came[`${section}.${name ?? ''}`] ?? '' })}</p> : null}
      <FormRow label={t('types.name')}>
        <Input value={called} disabled={name !== null} maxLength={64} placeholder={section === 'alarms' ? 'vibration_high' : 'energy_per_part'} onChange={(e) => setCalled(e.target.value.trim())} />
      </FormRow>
      {section === 'alarms' ? <AlarmFields alarm={alarm} whole={made.whole} inherited={inherited} onSay={(more) => setAlarm((old) => ({ ...old, ...more }))} /> : <KpiFields kpi={kpi} onSay={(more) => setKpi((old) => ({ ...old, ...more }))} />}
    </Drawer>
  )
}
