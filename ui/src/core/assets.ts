/** Assets: the calls, and what is said of one. */
import type { components } from '../wire/openapi'
import type { DeviceEvent, Problem, Session } from '../wire/api'
import { askJson, hrefOf, query } from './http'

export type AssetLine = components['schemas']['AssetLine']
export type Renamed = components['schemas']['Renamed']
export type AssetWhole = components['schemas']['AssetAnswer']
export type Level = AssetLine['level']
export type AssetState = AssetLine['state']
export type Property = string | number | boolean
export type Finding = components['schemas']['AssetListAnswer']['findings'][number]

/** What is written of an asset; what is left out is as if nobody had said it. */
export interface AssetSpec {
  asset: string
  parent?: string
  level?: Level
  type?: string
  code?: string
  title?: string
  title_zh?: string
  place?: string
  state?: AssetState
  properties?: Record<string, Property>
  /** Other assets by the kind of relation; left out: as before. */
  relations?: Record<string, string[]> | null
}

/** What is said of every asset, in the order of a table's columns; the rest are properties. */
export const COLUMNS = ['asset', 'parent', 'level', 'type', 'code', 'title', 'title_zh', 'place', 'state'] as const
export type Column = (typeof COLUMNS)[number]

export const LEVELS: readonly Level[] = ['site', 'area', 'line', 'unit', 'part', 'material', 'product', 'lot', 'person', 'tool']
export const STATES: readonly AssetState[] = ['in_service', 'planned', 'out_of_service']
export const MOST = 20_000 // in one list that is written
export const PAGE = 200

export interface AssetsAsk {
  search?: string
  parent?: string
  under?: string
  level?: string
  state?: string
  retired?: boolean
  /** With those of each. */
  properties?: boolean
  limit?: number
  offset?: number
}

const id = encodeURIComponent

/** `parent` "" asks for what stands right below the company, so it is said although it is empty. */
const asked = ({ parent, retired, properties, ...rest }: AssetsAsk): string => {
  const text = query({ ...rest, ...(retired ? { retired: 'true' } : {}), ...(properties ? { properties: 'true' } : {}) })
  return parent === undefined ? text : `${text || '?'}${text ? '&' : ''}parent=${id(parent)}`
}

export const assets = {
  list: (want: AssetsAsk, signal?: AbortSignal) => askJson<{ total: number; assets: AssetLine[] }>(`/assets${asked(want)}`, { signal }),
  get: (name: string, signal?: AbortSignal) => askJson<AssetWhole>(`/assets/${id(name)}`, { signal }),
  /** `revision`: what the change was made from; when somebody was faster, the answer is config.conflict. */
  put: (spec: AssetSpec, revision?: number) => askJson<AssetWhole>(`/assets/${id(spec.asset)}${query({ revision })}`, { method: 'PUT', json: spec }),
  putMany: (specs: readonly AssetSpec[], check: boolean, signal?: AbortSignal) =>
    askJson<components['schemas']['AssetListAnswer']>('/assets', { method: 'POST', json: { assets: specs, check }, signal }),
  retire: (name: string) => askJson<void>(`/assets/${id(name)}`, { method: 'DELETE' }),
  /** `check`: only say what would change. */
  rename: (name: string, to: string, check: boolean, signal?: AbortSignal) => askJson<Renamed>(`/assets/${id(name)}/rename`, { method: 'POST', json: { to, check }, signal }),
  events: (name: string) => askJson<DeviceEvent[]>(`/events${query({ subject: `asset:${name}`, start: '-3650d', limit: 200 })}`),
}

/** Where its W3C Thing Description is. */
export const thingOf = (name: string): string => hrefOf(`/assets/${id(name)}/td`)
export const mayDescribe = (session: Session | null): boolean => session?.may?.company.includes('configure') ?? false
export const mayAnnotate = (session: Session | null): boolean => session?.may?.company.includes('annotate') ?? false
export const maySeeGrants = (session: Session | null): boolean => session?.may?.company.includes('share') ?? false

// As the server reads names (vocab/devices.py): steps without blanks, slashes and signs that turn the text around them.
const STEP = '[^\\s./\\\\\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]+'
const NAME = new RegExp(`^${STEP}(\\.${STEP})*$`, 'u')
export const validAsset = (name: string): boolean => name.length <= 200 && NAME.test(name)

/** What an asset is a part of by its name alone: `hall` of `hall.press1`. */
export const namedAbove = (asset: string): string => asset.slice(0, Math.max(0, asset.lastIndexOf('.')))

/** `pump@2`: the second version of pump; without a number, the newest. */
export function splitType(type: string): [name: string, version: number | undefined] {
  const [name = '', version] = type.split('@')
  return [name, version ? Number(version) : undefined]
}

/** What would be written to keep all as it is; what the name or the default says is left out. */
export function specOf({ line, properties }: Pick<AssetWhole, 'line' | 'properties'>): AssetSpec {
  return lean({ ...line, properties, relations: undefined }) // written without them, they stay
}

export function lean(spec: AssetSpec): AssetSpec {
  const out: AssetSpec = { asset: spec.asset }
  if (spec.parent !== undefined && spec.parent !== namedAbove(spec.asset)) out.parent = spec.parent
  if (spec.level && spec.level !== 'unit') out.level = spec.level
  for (const key of ['type', 'code', 'title', 'title_zh', 'place'] as const) {
    const text = spec[key]?.trim()
    if (text) out[key] = text
  }
  if (spec.state && spec.state !== 'in_service') out.state = spec.state
  if (spec.properties && Object.keys(spec.properties).length) out.properties = spec.properties
  if (spec.relations) out.relations = spec.relations
  return out
}

/** `5.5` is a number, `true` a truth, `007` and what is too long for a number stay words. */
export function propertyOf(text: string): Property {
  const clean = text.trim()
  if (clean === 'true' || clean === 'false') return clean === 'true'
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,12})?$/.test(clean) && clean.replace(/\D/g, '').length <= 15 ? Number(clean) : clean
}

/** The field a refusal is about: `row 1: code` → code; of a form that says nothing of a field, ''. */
export function fieldOf(problem: Problem): string {
  const place = problem.place ?? ''
  const found = /(?:^row \d+: )?([a-z_]+)$/.exec(place)?.[1] ?? ''
  return found === 'properties' || (COLUMNS as readonly string[]).includes(found) ? found : ''
}

/** Whether a grant on `object` (as Cedar writes it) reaches an asset with this path in this company. */
export function reaches(object: string, path: readonly string[], tenant: string): boolean {
  const found = /^(\w+)::"(.*)"$/.exec(object)
  if (!found) return object === '*' || object === ''
  const [, kind, name = ''] = found
  if (kind === 'Tenant') return name === tenant
  return kind === 'Asset' && path.some((step) => name === `${tenant}/${step}`)
}
