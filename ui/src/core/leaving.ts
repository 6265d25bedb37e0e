/** A company takes its data away, or leaves: the calls. */
import { askJson, hrefOf, query } from './http'
import type { Problem } from '../wire/api'

const id = encodeURIComponent

export interface Departure {
  tenant: string
  state: string
  step: string
  began_us: number | null
  trouble: Problem | null
  proof: { entry: string; index: number } | null
  /** Of gateways that were away then and have forgotten since. */
  later?: { entry: string; index: number }[]
}

export interface TakeProgress {
  id: string
  total: number
  rows: number
  bytes: number
  file: string
  state: string
}

/** What the audit entry of a deletion says. */
export interface Deleted {
  deleted: { rows: number; values: number; recordings: number; bytes: number }
  left: number
  gateways_away: string[]
  older_copies: Record<string, number>
}

export const leaving = {
  state: (tenant: string) => askJson<Departure>(`/tenants/${id(tenant)}/leaving`),
  delete: (tenant: string, typed: string, reason: string) => askJson<Departure>(`/tenants/${id(tenant)}/delete`, { method: 'POST', json: { typed, reason } }),
}

export const taking = {
  link: (key: string, csv: boolean) => hrefOf(`/export${query({ id: key, csv: csv ? 'true' : 'false' })}`),
  progress: (key: string) => askJson<TakeProgress>(`/exports/${id(key)}`),
}

export function deletedOf(departure: Departure): Deleted | null {
  if (!departure.proof) return null
  const told = (JSON.parse(departure.proof.entry) as { after: Deleted }).after
  const since = (departure.later ?? []).map((one) => (JSON.parse(one.entry) as { after: { gateway: string } }).after.gateway)
  return { ...told, gateways_away: told.gateways_away.filter((gateway) => !since.includes(gateway)) }
}
