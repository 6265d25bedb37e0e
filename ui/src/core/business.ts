/** Records of business systems: the calls, and how a field is written. */
import type { components } from '../wire/openapi'
import { type Language, number } from './format'
import { askJson, query } from './http'
import { clock } from './time'

export type RecordOverview = components['schemas']['RecordOverview']
export type RecordKind = RecordOverview['kinds'][number]
export type BusinessRecord = components['schemas']['BusinessRecord']
export type RecordPage = components['schemas']['RecordPage']
export type RecordRun = RecordOverview['held'][number]
export type RecordPreview = components['schemas']['RecordPreview']
export type SentRecords = components['schemas']['SentRecords']

export interface Sending {
  kind: string
  source: string
  columns: Record<string, (string | null)[]>
  map?: RecordPreview['map']
}

export const business = {
  overview: (signal?: AbortSignal) => askJson<RecordOverview>('/business', { signal }),
  list: (kind: string, search: string, gone: boolean, after: BusinessRecord | null, signal?: AbortSignal) =>
    askJson<BusinessRecord[]>(`/business/records${query({ kind, search, gone: gone ? 'only' : '', limit: PAGE, ...(after ? { after: after.key, after_source: after.source } : {}) })}`, { signal }),
  one: (kind: string, source: string, key: string, signal?: AbortSignal) => askJson<RecordPage>(`/business/record${query({ kind, source, key })}`, { signal }),
  agree: (run: string, gone: number) => askJson<RecordRun>(`/business/runs/${encodeURIComponent(run)}/agree`, { method: 'POST', json: { gone } }),
  preview: (asked: Sending) => askJson<RecordPreview>('/business/preview', { method: 'POST', json: asked }),
  send: (asked: Sending) => askJson<SentRecords>('/business/records', { method: 'POST', json: asked }),
}

export const PAGE = 100

/** What one segment of an address says of a record, and back; a key may hold anything. */
export const recordId = (one: Pick<BusinessRecord, 'kind' | 'source' | 'key'>): string => JSON.stringify([one.kind, one.source, one.key])
export function recordOf(id: string): [kind: string, source: string, key: string] | null {
  try {
    const told: unknown = JSON.parse(id)
    return Array.isArray(told) && told.length === 3 && told.every((part) => typeof part === 'string') ? (told as [string, string, string]) : null
  } catch {
    return null
  }
}

/** A field as people read it: times are microseconds on the wire. */
export function fieldText(kind: RecordKind, name: string, value: unknown, nowMs: number): string {
  if (value === null || value === undefined) return ''
  const field = kind.fields.find((one) => one.name === name)
  if (field?.type === 'time' && typeof value === 'number') return clock(value, nowMs, { date: true })
  return typeof value === 'number' ? number(value, 9) : String(value)
}

export const fieldWord = (kind: RecordKind, name: string, language: Language): string => kind.fields.find((one) => one.name === name)?.[language] ?? name

/** Columns of a table that was read as rows, its head first; what is empty is no value. */
export function columnsOf(rows: readonly (readonly string[])[]): Record<string, (string | null)[]> {
  const [head = [], ...rest] = rows
  return Object.fromEntries(head.map((name, at) => [name.trim(), rest.map((row) => row[at] || null)] as const).filter(([name]) => name))
}
