/** Relations between assets, and binding the points of a type: the calls. */
import type { components } from '../wire/openapi'
import type { AssetWhole } from './assets'
import { askJson } from './http'

type Schemas = components['schemas']
export type Related = Schemas['Related']
export type BindAnswer = Schemas['BindAnswer']
export type BindTemplate = Schemas['BindTemplate']

/** As vocab/relations.py has them. */
export const KINDS = ['feeds', 'uses', 'operated_by', 'made_of', 'spare_of', 'controlled_by', 'measured_by'] as const

const of = (asset: string): string => `/assets/${encodeURIComponent(asset)}/relations`

export const relations = {
  add: (asset: string, kind: string, other: string) => askJson<AssetWhole>(of(asset), { method: 'POST', json: { kind, other } }),
  drop: (asset: string, kind: string, other: string) => askJson<void>(`${of(asset)}/${encodeURIComponent(kind)}/${encodeURIComponent(other)}`, { method: 'DELETE' }),
}

/** `check`: only what it would do. */
export const bind = (type: string, template: BindTemplate, check: boolean) =>
  askJson<BindAnswer>(`/types/${encodeURIComponent(type)}/bind`, { method: 'POST', json: { bind: template, check } })
