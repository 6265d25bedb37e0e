/** What is asked of the server about screens. */
import type { components } from '../wire/openapi'
import { askJson, hrefOf, query } from './http'
import type { Chosen, ScreenText } from './screens'

type Schemas = components['schemas']
export type ScreenLine = Schemas['ScreenLine']
export type ScreenWhole = Omit<Schemas['ScreenAnswer'], 'screen'> & { screen: ScreenText }
export type ScreenFinding = Schemas['ScreenFinding']

const at = (name: string): string => `/screens/${encodeURIComponent(name)}`
const asked = (chosen: Chosen): string => (Object.keys(chosen).length ? JSON.stringify(chosen) : '')

export const screens = {
  list: (signal?: AbortSignal) => askJson<ScreenLine[]>('/screens', { signal }),
  get: (name: string, chosen: Chosen = {}, signal?: AbortSignal) => askJson<ScreenWhole>(`${at(name)}${query({ chosen: asked(chosen) })}`, { signal }),
  drop: (name: string) => askJson<void>(at(name), { method: 'DELETE' }),
  ofAsset: (asset: string, signal?: AbortSignal) => askJson<ScreenWhole>(`/assets/${encodeURIComponent(asset)}/screen`, { signal }),
  ofArea: (asset: string, signal?: AbortSignal) => askJson<ScreenWhole>(`/assets/${encodeURIComponent(asset)}/overview`, { signal }),
  ofType: (type: string, under = '', signal?: AbortSignal) => askJson<ScreenWhole>(`/types/${encodeURIComponent(type)}/overview${query({ under })}`, { signal }),
}

/** Where a picture of a screen is. */
export const fileOf = (name: string, file: string): string => hrefOf(`${at(name)}/files/${encodeURIComponent(file)}`)
