/** Writes to machines and the emergency switches: the calls, and what the console shows of them. */
import type { components } from '../wire/openapi'
import { askJson, query } from './http'

export type Command = components['schemas']['CommandAnswer']
export type Stops = components['schemas']['StopsAnswer']
export type WriteRule = components['schemas']['WriteRule']

const id = encodeURIComponent
const post = (path: string, json: unknown, key?: string) => askJson<Command>(path, { method: 'POST', json, key })

/** A name for one request: 128 random bits; `crypto.randomUUID` is not there on plain http. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const commands = {
  list: (signal?: AbortSignal) => askJson<Command[]>(`/commands${query({ limit: 200 })}`, { signal }),
  ask: (point: string, value: number | string, reason: string, key: string) => post('/commands', { point, value, reason }, key),
  approve: (one: string) => post(`/commands/${id(one)}/approve`, {}),
  refuse: (one: string, reason: string) => post(`/commands/${id(one)}/refuse`, { reason }),
  rollBack: (one: string, reason: string) => post(`/commands/${id(one)}/rollback`, { reason }, newKey()),
  stops: (signal?: AbortSignal) => askJson<Stops>('/stops', { signal }),
  stop: (on: boolean, asset: string, reason: string) => askJson<Stops>('/stops', { method: 'PUT', json: { on, asset, reason } }),
}

export type Group = 'waiting' | 'done' | 'refused'

/** Under which heading a command stands: what still moves, what was written, what was not. */
export function groupOf(state: Command['state']): Group {
  if (state === 'pending' || state === 'approved' || state === 'sent' || state === 'unknown') return 'waiting'
  return state === 'done' || state === 'rolled_back' ? 'done' : 'refused'
}

/** What somebody typed as the value to send: a number where the point holds numbers; null when it is none. */
export function typedValue(text: string, kind: string): number | string | null {
  const clean = text.trim()
  if (!clean) return null
  if (kind === 'text') return clean
  const number = Number(clean.replace(',', '.'))
  if (Number.isFinite(number)) return number
  return kind === 'state' ? clean : null
}
