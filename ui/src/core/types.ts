/** Asset types: the calls, and what is shown of one. */
import type { components } from '../wire/openapi'
import type { Problem } from '../wire/api'
import { inLanguage } from './spoken'
import type { Language } from './format'
import { askJson, query } from './http'
import { matches } from './matching'

type Schemas = components['schemas']
export type TypeLine = Schemas['TypeLine']
export type TypeWhole = Schemas['TypeAnswer']
export type TypeChanged = Schemas['TypeChanged']
export type Gap = Schemas['Gap']

const at = (name: string): string => `/types/${encodeURIComponent(name)}`

export const types = {
  list: (signal?: AbortSignal) => askJson<TypeLine[]>('/types', { signal }),
  get: (name: string, version?: number, signal?: AbortSignal) => askJson<TypeWhole>(`${at(name)}${query({ version })}`, { signal }),
  gaps: (name: string, signal?: AbortSignal) => askJson<Schemas['GapsAnswer']>(`${at(name)}/gaps`, { signal }),
  /** What a text would make and break; writes nothing. */
  check: (name: string, text: string, signal?: AbortSignal) => askJson<TypeChanged>(at(name), { method: 'PUT', json: { text, check: true }, signal }),
  /** `base`: the version that the text was made from; another one meanwhile is a conflict. */
  put: (name: string, text: string, base: number, confirm: number) => askJson<TypeChanged>(at(name), { method: 'PUT', json: { text, base, confirm } }),
  drop: (name: string) => askJson<void>(at(name), { method: 'DELETE' }),
}

export type Which = 'all' | 'own' | 'shipped' | 'unused'

/** The lines of a list that somebody wants to see; words are looked for in names and both titles. */
export function chosen(lines: readonly TypeLine[], which: Which, words: string): TypeLine[] {
  return lines.filter((line) => {
    if (which === 'own' ? line.version === 0 : which === 'shipped' ? line.version > 0 : which === 'unused' && line.assets > 0) return false
    return matches(words, line.type, line.title, line.title_zh, line.extends)
  })
}

export interface Row {
  name: string
  title: string
  kind: string
  unit: string
  /** The unit in words, in the reader's language. */
  words: string
  required: boolean
  /** The type that says it last. */
  from: string
  semantic: string
  states: [code: string, word: string][]
}

/** What a type makes, in the order of the chain: what all have first. */
export function rowsOf(made: Pick<TypeWhole, 'whole' | 'came' | 'units'>, what: 'points' | 'properties', language: Language): Row[] {
  const held = made.whole[what] ?? {}
  return Object.entries(held).map(([name, told]) => {
    const unit = told.unit ?? ''
    const states = 'states' in told || 'states_zh' in told ? { ...told.states, ...(language === 'zh' ? told.states_zh : {}) } : {}
    return {
      name,
      title: inLanguage(language, told.title, told.title_zh),
      kind: told.kind ?? (what === 'points' ? 'gauge' : 'text'),
      unit,
      words: made.units[unit]?.[language === 'zh' ? 1 : 0] ?? '',
      required: told.required ?? what === 'points',
      from: made.came[`${what}.${name}`] ?? '',
      semantic: told.semantic ?? '',
      states: Object.entries(states),
    }
  })
}

/** What assets lack, one entry for each asset. */
export function byAsset(gaps: readonly Gap[]): [asset: string, gaps: Gap[]][] {
  const found = new Map<string, Gap[]>()
  for (const gap of gaps) found.set(gap.asset, [...(found.get(gap.asset) ?? []), gap])
  return [...found]
}

/** `points.flow` → flow; `type` stays. */
export const quantityOf = (what: string): string => what.replace(/^(points|properties|alarms|kpis)\./, '')

/** The line of the text that a refusal is about, from 1; 0: it says none. */
export function lineOf(problem: Problem | null): number {
  const line = problem?.fields?.line
  return typeof line === 'number' && line > 0 ? line : 0
}

const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62}[\p{L}\p{N}_])?$/u
export const validType = (name: string): boolean => NAME.test(name)

/** The text of a new type that has all that another one has. */
export const extending = (name: string, base: string): string =>
  `type: ${name}\n${base ? `extends: ${base}\n` : ''}title: ""\ntitle_zh: ""\npoints:\n  # flow: {unit: m3/h, title: Flow}\n`

/** The text of one type under another name. */
export function renamed(text: string, name: string): string {
  return /^type:.*$/m.test(text) ? text.replace(/^type:.*$/m, `type: ${name}`) : `type: ${name}\n${text}`
}
