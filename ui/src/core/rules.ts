/** Alarms and KPIs that types declare: the calls, how they are said in short, and how a type's text gets one more. */
import type { components } from '../wire/openapi'
import { askJson, query } from './http'
import { number, unitText } from './format'
import type { TypeWhole } from './types'

type Schemas = components['schemas']
export type TypeAlarm = Partial<Schemas['TypeAlarm']>
export type TypeKpi = Partial<Schemas['TypeKpi']>
export type AlarmNow = Schemas['AlarmNow']
export type KpiValue = Schemas['KpiValue']
export type KpiAnswer = Schemas['KpiAnswer']
export type Whole = TypeWhole['whole']
export type Section = 'alarms' | 'kpis'

export const WHENS = ['high_high', 'high', 'low', 'low_low', 'rate', 'stale', 'state'] as const
export const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const
export const FUNCTIONS = ['mean', 'min', 'max', 'first', 'last', 'sum', 'count', 'delta', 'integral', 'time', 'entries', 'span'] as const

const asset = (name: string): string => `/assets/${encodeURIComponent(name)}`

export const rules = {
  alarms: (name: string, signal?: AbortSignal) => askJson<Schemas['AlarmsAnswer']>(`${asset(name)}/alarms`, { signal }),
  kpis: (name: string, start: string, end: string, signal?: AbortSignal) => askJson<KpiAnswer>(`${asset(name)}/kpis${query({ start, end })}`, { signal }),
  /** Of all assets of a type. */
  ofType: (type: string, start: string, end: string, signal?: AbortSignal) => askJson<KpiAnswer>(`/types/${encodeURIComponent(type)}/kpis${query({ start, end })}`, { signal }),
  /** What a text's KPIs would be on some assets; writes nothing. */
  try: (type: string, text: string, start: string, signal?: AbortSignal) => askJson<KpiAnswer>(`/types/${encodeURIComponent(type)}/kpis`, { method: 'POST', json: { text, start, end: 'now' }, signal }),
}

const isLevel = (when: string): boolean => when.startsWith('high') || when.startsWith('low')

/** Beyond what an alarm is active, in the unit of the type's point; null: its condition has no limit, or none is said. */
export function limitOf(alarm: TypeAlarm, whole: Whole): number | null {
  const when = alarm.when ?? 'high'
  if (typeof alarm.limit === 'number') return alarm.limit
  if (!isLevel(when)) return null
  const told = whole.points?.[alarm.point ?? '']?.limits?.[when as 'high']
  return typeof told === 'number' ? told : null
}

/** `> 4.5 mm/s`, `= 3 down`: when an alarm is active, without the point's name. */
export function conditionText(alarm: TypeAlarm, limit: number | null, unit: string, words: Readonly<Record<string, string>> = {}): string {
  const when = alarm.when ?? 'high'
  const delay = alarm.on_delay ? ` · ${alarm.on_delay}` : ''
  if (when === 'stale') return `∅ > ${alarm.after ?? ''}${delay}`
  if (when === 'state') return `= ${(alarm.states ?? []).map((state) => (words[state] ? `${state} ${words[state]}` : state)).join(', ')}${delay}`
  const amount = [number(limit), unitText(unit)].filter(Boolean).join(' ')
  if (when === 'rate') return `Δ ${limit !== null && limit < 0 ? '<' : '>'} ${amount} / ${alarm.per ?? ''}${delay}`
  return `${when.startsWith('low') ? '<' : '>'} ${amount}${delay}`
}

/** `≥ 85 %`: what is aimed at. */
export function targetText(kpi: Pick<KpiValue, 'target' | 'better' | 'unit'>): string {
  if (typeof kpi.target !== 'number') return ''
  const sign = kpi.better === 'higher' ? '≥ ' : kpi.better === 'lower' ? '≤ ' : ''
  return `${sign}${number(kpi.target)} ${unitText(kpi.unit)}`.trim()
}

const PLAIN = /^[\p{L}_][\p{L}\p{N}_ ./-]*$/u
const RESERVED = /^(true|false|yes|no|on|off|null|y|n|~)$/i

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (typeof value !== 'string') return String(value)
  return PLAIN.test(value) && !RESERVED.test(value) && !value.endsWith(' ') ? value : JSON.stringify(value)
}

/** The text of a type with one alarm or KPI written anew, or added; null: its section is not one entry after the other. */
export function withRule(text: string, section: Section, name: string, fields: Readonly<Record<string, unknown>>): string | null {
  const lines = text.replace(/\n*$/, '\n').split('\n').slice(0, -1)
  const head = lines.findIndex((line) => line.startsWith(`${section}:`))
  const entry = (indent: string) => {
    const told = Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
    return [`${indent}${written(name)}:${told.length ? '' : ' {}'}`, ...told.map(([key, value]) => `${indent}  ${key}: ${written(value)}`)]
  }
  if (head < 0) return [...lines, `${section}:`, ...entry('  '), ''].join('\n')
  const rest = (lines[head] ?? '').slice(section.length + 1).replace(/#.*/, '').trim()
  if (rest && rest !== '{}') return null
  if (rest) lines[head] = `${section}:`
  let end = head + 1
  while (end < lines.length && !/^[^\s#]/.test(lines[end] ?? '')) end += 1
  const indent = lines.slice(head + 1, end).find((line) => /^\s+[^\s#]/.test(line))?.match(/^\s+/)?.[0] ?? '  '
  const begins = (line: string) => line.startsWith(indent) && /^[^\s#]/.test(line.slice(indent.length))
  const named = (line: string) => begins(line) && [name, JSON.stringify(name), `'${name}'`].some((key) => line.slice(indent.length).startsWith(`${key}:`))
  const at = lines.findIndex((line, i) => i > head && i < end && named(line))
  if (at >= 0) {
    let after = at + 1
    while (after < end && !begins(lines[after] ?? '') && (lines[after] ?? '').trim() !== '') after += 1
    return [...lines.slice(0, at), ...entry(indent), ...lines.slice(after), ''].join('\n')
  }
  while (end > head + 1 && /^\s*(#.*)?$/.test(lines[end - 1] ?? '')) end -= 1
  return [...lines.slice(0, end), ...entry(indent), ...lines.slice(end), ''].join('\n')
}

/** What of a form has to be written: all that is said, or, of what is inherited, only what is said otherwise. */
export function toWrite(before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>, inherited: boolean): Record<string, unknown> {
  if (!inherited) return { ...now }
  return Object.fromEntries(Object.entries(now).filter(([key, value]) => JSON.stringify(value ?? '') !== JSON.stringify(before[key] ?? '')))
}
