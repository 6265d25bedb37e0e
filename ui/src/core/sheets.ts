/** Spreadsheets: the calls, and where a cell of the picture belongs. */
import type { components } from '../wire/openapi'
import { askJson, query } from './http'
import type en from './words/en.json'

type Schemas = components['schemas']
export type SheetLook = Schemas['SheetLook']
export type SheetTable = Schemas['SheetTable']
export type SheetColumn = Schemas['SheetColumn']
export type SheetDrawn = Schemas['SheetDrawn']
export type SheetProblem = Schemas['SheetProblem']
export type SheetPlan = Schemas['SheetPlan']
export type SheetTemplate = Schemas['SheetTemplate']
export type KeptTemplate = Schemas['SheetTemplateAnswer']

type Words = (typeof en)['sheets']
/** Words of the table for what the server names by a code. */
export const whyKey = (why: string) => `sheets.why.${why as keyof Words['why']}` as const
export const kindKey = (kind: string) => `sheets.kind.${kind as keyof Words['kind']}` as const
export const toKey = (to: string) => `sheets.to.${to as keyof Words['to']}` as const
export const noticedKey = (note: string) => `sheets.noticed.${note as Exclude<keyof Words['noticed'], 'joined'>}` as const
export const refusedKey = (why: string) => `sheets.refused.${why as keyof Words['refused']}` as const

const NO_TIME: SheetTemplate['time'] = { date: '', clock: '', day: '', zone: 'UTC', past_midnight: false, fill_down: false }

/** A template with the fields that the server leaves out where nothing is said. */
export function completed(told: Partial<SheetTemplate>): SheetTemplate {
  const { episodes } = told
  return {
    template: '', title: '', sheet: '', words: [], order: '', decimal: '', long: null, ...told,
    points: (told.points ?? []).map((one) => ({ ...one, unit: one.unit ?? '' })),
    time: { ...NO_TIME, ...told.time },
    episodes: episodes ? { ...episodes, end: episodes.end ?? '', asset: episodes.asset ?? '', asset_column: episodes.asset_column ?? '', title: episodes.title ?? '', key: episodes.key ?? [], attributes: episodes.attributes ?? [] } : null,
  }
}

export interface LookOptions {
  asset: string
  zone: string
  order: '' | 'dmy' | 'mdy' | 'ymd'
  decimal: '' | '.' | ','
}

export interface SheetAsk {
  template: SheetTemplate
  agreed?: string
  keep?: boolean
}

const told = (name: string, options: LookOptions) => query({ name, asset: options.asset || 'sheet', zone: options.zone, order: options.order || undefined, decimal: options.decimal || undefined })

export const sheets = {
  look: (file: File, options: LookOptions, signal?: AbortSignal) =>
    askJson<SheetLook>(`/sheets${told(file.name, options)}`, { method: 'POST', body: file, type: 'application/octet-stream', signal }),
  again: (look: SheetLook, options: LookOptions, signal?: AbortSignal) => askJson<SheetLook>(`/sheets/${look.id}${told(look.name, options)}`, { signal }),
  preview: (id: string, ask: SheetAsk, signal?: AbortSignal) => askJson<SheetPlan>(`/sheets/${id}/preview`, { method: 'POST', json: ask, signal }),
  take: (id: string, ask: SheetAsk) => askJson<SheetPlan>(`/sheets/${id}/import`, { method: 'POST', json: ask }),
  template: (name: string) => askJson<KeptTemplate[]>(`/sheet-templates/${encodeURIComponent(name)}`),
}

export interface Box {
  top: number
  left: number
  bottom: number
  right: number
}

/** Letters of a column, counted from 0. */
export function letters(column: number): string {
  let name = ''
  for (let at = column + 1; at > 0; at = Math.floor((at - 1) / 26)) name = String.fromCharCode(65 + ((at - 1) % 26)) + name
  return name
}

const corner = (text: string): [number, number] | null => {
  const found = /^([A-Z]{1,3})([0-9]+)$/.exec(text)
  if (!found?.[1] || !found[2]) return null
  const column = [...found[1]].reduce((at, letter) => at * 26 + letter.charCodeAt(0) - 64, 0) - 1
  return [Number(found[2]) - 1, column]
}

/** Rows and columns of a range like A3:F8, from 0, both ends within; null for what is none. */
export function boxOf(range: string): Box | null {
  const [first = '', last = first] = range.split(':')
  const [a, b] = [corner(first), corner(last)]
  return a && b ? { top: a[0], left: a[1], bottom: b[0], right: b[1] } : null
}

export const within = (box: Box | null, row: number, column: number): boolean => box !== null && row >= box.top && row <= box.bottom && column >= box.left && column <= box.right

const OVER = ['note', 'total', 'section', 'repeated', 'unit', 'header', 'title', 'data'] as const
export type Role = (typeof OVER)[number]
export const ROLES: readonly Role[] = ['title', 'header', 'unit', 'data', 'section', 'total', 'repeated', 'note']

/** Says of each cell of a sheet which role it has and of which table; a small range lies over a large one. */
export function rolesOf(tables: readonly SheetTable[], sheet: string): (row: number, column: number) => { role: Role; table: number } | null {
  const boxes = tables.flatMap((table, at) => (table.sheet === sheet ? table.findings.map((one) => ({ role: one.role as Role, box: boxOf(one.range), table: at })) : []))
  boxes.sort((a, b) => OVER.indexOf(a.role) - OVER.indexOf(b.role))
  return (row, column) => boxes.find((one) => within(one.box, row, column)) ?? null
}

/** What is asked of a person before anything can be taken. */
export function asked(table: SheetTable): { order: boolean; decimal: boolean } {
  return { order: (table.counts.order ?? 0) > 0, decimal: table.columns.some((one) => one.notes.includes('comma_unknown')) }
}

/** Whether there is anything to do: new values, other ones, or episodes. */
export const changes = (plan: SheetPlan): number => plan.new + plan.changed + plan.episodes_new + plan.episodes_changed
