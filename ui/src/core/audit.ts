/** The audit log: what the server says of it, and the calls. */
import { askJson, query } from './http'

export interface AuditEntry {
  time_us: number
  tenant: string
  who: string
  action: string
  object: string
  allowed?: boolean
  origin?: string
  because?: string[]
  reason?: string
  before?: unknown
  after?: unknown
}

export interface AuditLine {
  seq: number
  entry: AuditEntry
}

export interface AuditWish {
  who?: string
  action?: string
  object?: string
  allowed?: string
  start?: string
  before?: number
}

export const AUDIT_PAGE = 100

export const audit = {
  list: (wish: AuditWish) => askJson<AuditLine[]>(`/audit${query({ ...wish, limit: AUDIT_PAGE })}`),
  head: () => askJson<{ checkpoint: string; key: string }>('/audit/checkpoint'),
  proof: (seq: number) => askJson<Record<string, unknown>>(`/audit/${seq}/proof`),
}

/** The second line of a checkpoint (C2SP): how many entries the log has. */
export const sizeOf = (checkpoint: string): number => Number(checkpoint.split('\n')[1] ?? 0)

/** `PUT /api/v1/devices/press1` without what every route begins with. */
export const shortObject = (object: string): string => object.replace(' /api/v1', ' ')
