/** Use, quotas and bills: the calls, and how their numbers are said. */
import type { CompaniesUse, MonthBill, QuotasOf, QuotaText, Use } from '../wire/use'
import type { Session } from '../wire/api'
import { bytes, count, type Language } from './format'
import { askJson, hrefOf, query } from './http'

const id = encodeURIComponent

export const use = {
  of: (tenant: string, month: string) => askJson<Use>(`/usage${query({ tenant, month })}`),
  companies: (search: string, trouble: string) => askJson<CompaniesUse>(`/usage/companies${query({ search, trouble })}`),
  quotas: (tenant: string) => askJson<QuotasOf>(`/quotas${query({ tenant })}`),
  putQuotas: (level: string, place: string, text: string) => askJson<QuotaText>(`/quotas/${quotaPath(level, place)}`, { method: 'PUT', json: { text } }),
  bill: (tenant: string, month: string) => askJson<MonthBill>(`/bills/${id(month)}${query({ tenant })}`),
  issue: (tenant: string, month: string) => askJson<unknown>(`/bills/${id(month)}/issue${query({ tenant })}`, { method: 'POST' }),
}

/** Where a level's text is written. */
export function quotaPath(level: string, place: string): string {
  if (level === 'platform') return 'platform'
  const kind = level === 'company' ? 'companies' : level === 'region' ? 'regions' : 'sites'
  return `${kind}/${id(level === 'site' ? place.slice(place.indexOf('/') + 1) : place)}`
}

export function billFile(tenant: string, month: string, format: 'csv' | 'xlsx', language: Language, number = ''): string {
  return hrefOf(`/bills/${id(month)}${query({ tenant, format, language, number })}`)
}

export const maySeeUse = (session: Session | null): boolean => session?.may?.company.includes('usage') ?? false

/** An amount of what a quota or a measure counts. */
export function amount(what: string, value: number | null, language: Language): string {
  if (value === null) return '–'
  if (what === 'storage' || what === 'storage_bytes') return bytes(value)
  if (what === 'query_s') return `${count(Math.round(value * 1000) / 1000, language)} s`
  return count(value, language)
}

/** The month before or after, as `2026-11`; none after the present one. */
export function monthBeside(month: string, by: -1 | 1): string {
  const [year = 0, at = 1] = month.split('-').map(Number)
  const moved = new Date(Date.UTC(year, at - 1 + by, 1))
  return moved.toISOString().slice(0, 7)
}

export type Stage = 'good' | 'uncertain' | 'bad'

/** How a quota stands: reached, nearly, or well. */
export const stageOf = (part: number): Stage => (part >= 1 ? 'bad' : part >= 0.8 ? 'uncertain' : 'good')
