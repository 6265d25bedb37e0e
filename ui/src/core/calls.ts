/** Every call the console makes, typed. */
import type { components } from '../wire/openapi'
import type { Counted } from './trendstate'
import type {
  Credential, Demo, DeviceEvent, DevicePage, DeviceRow, DeviceSpec, Episode, MadeCredential, Manifest, Node, Overview, Point, PointStatistics, Preview, Session,
  SqlResult, SqlTable, SystemState, TestVerdict, Token, Why,
  Topics,
} from '../wire/api'
import { ARROW, seriesPath } from './early'
import { ask, askJson, hrefOf, query } from './http'
import { zone } from './time'
import { sessionPath } from './visit'

const id = encodeURIComponent

export const session = {
  get: () => askJson<Session>(sessionPath(), { quiet401: true }),
  open: (user: string, password: string, beside: { code?: string; passkey?: Record<string, unknown> } = {}) =>
    askJson<Session>('/session', { method: 'POST', json: { user, password, ...beside }, quiet401: true }),
  /** `url`: where the session at the company's provider ends too. */
  close: () => askJson<{ url?: string }>('/session', { method: 'DELETE', quiet401: true }),
  /** The server wants no `current` right after the one-time secret was used. */
  setPassword: (password: string, current?: string) =>
    askJson<void>('/password', { method: 'POST', json: current ? { password, current } : { password }, quiet401: true }),
  setLanguage: (language: 'en' | 'zh') => askJson<void>('/language', { method: 'PUT', json: { language }, quiet401: true }),
}

export const overview = (signal?: AbortSignal) => askJson<Overview>('/overview', { signal })
export const system = (signal?: AbortSignal) => askJson<SystemState>('/system', { signal })
export const health = () => askJson<{ status: string; version: string; uptime_s: number }>('/health')

/** Where to look: an existing device by id, or options not yet saved. */
export type Target = { driver: string; options: Record<string, unknown>; device?: string } | { device: string }

export const devices = {
  drivers: () => askJson<Manifest[]>('/drivers'),
  list: (signal?: AbortSignal) => askJson<DeviceRow[]>('/devices', { signal }),
  get: (device: string, signal?: AbortSignal) => askJson<DevicePage>(`/devices/${id(device)}`, { signal }),
  /** `revision` is the one the change was made from: when somebody was faster, the answer is config.conflict. */
  save: (spec: DeviceSpec, revision?: number) => askJson<DevicePage>(`/devices/${id(spec.device)}`, { method: 'PUT', json: spec, match: revision }),
  saveYaml: (device: string, yaml: string, revision?: number) =>
    askJson<DevicePage>(`/devices/${id(device)}`, { method: 'PUT', body: yaml, type: 'application/yaml', match: revision }),
  remove: (device: string) => askJson<void>(`/devices/${id(device)}`, { method: 'DELETE' }),
  events: (device: string, limit = 50) => askJson<DeviceEvent[]>(`/devices/${id(device)}/events${query({ limit })}`),
  test: (driver: string, options: Record<string, unknown>, timeout_s = 10, signal?: AbortSignal) =>
    askJson<TestVerdict>('/devices/test', { method: 'POST', json: { driver, options, timeout_s }, signal }),
  browse: (target: Target, path: string, more: { search?: string; limit?: number; offset?: number } = {}, signal?: AbortSignal) =>
    askJson<{ nodes: Node[]; total: number }>('/devices/browse', { method: 'POST', json: { ...target, path, ...more }, signal }),
  preview: (target: Target, addresses: string[], signal?: AbortSignal) =>
    askJson<Preview[]>('/devices/preview', { method: 'POST', json: { ...target, addresses }, signal }),
}

export interface PointsAsk {
  search?: string
  device?: string
  asset?: string
  limit?: number
  offset?: number
}

export const points = {
  list: (want: PointsAsk = {}, signal?: AbortSignal) =>
    askJson<{ total: number; points: Point[] }>(`/points${query({ ...want })}`, { signal }),
  get: (name: string) => askJson<Point>(`/points/${id(name)}`),
  change: (name: string, patch: Partial<Point>) => askJson<Point>(`/points/${id(name)}`, { method: 'PATCH', json: patch }),
  sources: (name: string, signal?: AbortSignal) => askJson<components['schemas']['PointSources']>(`/points/${id(name)}/sources`, { signal }),
  why: (name: string, at?: number) => askJson<Why>(`/points/${id(name)}/why${query({ at })}`),
}

/** Ask for points as Arrow; `width` in CSS pixels asks for M4 (four samples a pixel column), 0 for every row. */
export async function seriesArrow(names: string[], start: string, end: string, width: number, signal?: AbortSignal, as: Counted | 'value' = 'value'): Promise<Uint8Array> {
  const response = await ask(`${seriesPath(names, start, end, width)}${as === 'value' ? '' : `&as=${as}&tz=${encodeURIComponent(zone())}`}`, { accept: ARROW, signal })
  return new Uint8Array(await response.arrayBuffer())
}

export const exportLink = (names: string[], start: string, end: string, format: 'csv' | 'parquet') =>
  hrefOf(`/series${query({ points: names.join(','), start, end, format, bom: format === 'csv' ? 'true' : '' })}&width=0`)

export const sql = {
  run: (text: string, limit: number, signal?: AbortSignal) =>
    askJson<SqlResult>('/sql', { method: 'POST', json: { sql: text, limit }, signal }),
  schema: () => askJson<SqlTable[]>('/sql/schema'),
  file: async (text: string, kind: 'csv' | 'parquet') => {
    const accept = kind === 'csv' ? 'text/csv' : 'application/vnd.apache.parquet'
    return (await ask(kind === 'csv' ? '/sql?bom=true' : '/sql', { method: 'POST', json: { sql: text }, accept })).blob()
  },
}

export const tokens = {
  list: () => askJson<Token[]>('/tokens'),
  make: (title: string) => askJson<{ token: string }>('/tokens', { method: 'POST', json: { title } }),
  revoke: (token: string) => askJson<void>(`/tokens/${id(token)}`, { method: 'DELETE' }),
}

export const credentials = {
  list: (device?: string) => askJson<Credential[]>(`/credentials${query({ device })}`),
  make: (device: string, username: string) => askJson<MadeCredential>('/credentials', { method: 'POST', json: { device, username } }),
  topics: (username: string, { publish, subscribe }: Topics) => askJson<void>(`/credentials/${id(username)}/topics`, { method: 'PUT', json: { publish, subscribe } }),
  renew: (username: string) => askJson<MadeCredential>(`/credentials/${id(username)}/rotate`, { method: 'POST' }),
  revoke: (username: string) => askJson<void>(`/credentials/${id(username)}`, { method: 'DELETE' }),
}

export const episodes = (start: string, end: string, asset?: string, signal?: AbortSignal) =>
  askJson<Episode[]>(`/episodes${query({ start, end, asset })}`, { signal })

export const episode = {
  save: (one: Episode) => askJson<Episode>(`/episodes/${id(one.id)}`, { method: 'PUT', json: one }),
  remove: (one: string) => askJson<void>(`/episodes/${id(one)}`, { method: 'DELETE' }),
}

export const statistics = (names: string[], start: string, end: string, bins: number, signal?: AbortSignal) =>
  askJson<{ points: PointStatistics[] }>(`/series/statistics${query({ points: names.join(','), start, end, bins })}`, { signal })

export const demo = {
  get: () => askJson<Demo>('/demo'),
  fault: (fault: string, active: boolean) => askJson<unknown>(`/demo/faults/${id(fault)}`, { method: 'PUT', json: { active } }),
}
