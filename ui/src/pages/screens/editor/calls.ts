/** What the editor asks of the server. */
import type { ScreenText, Slot } from '../../../core/screens'
import { ask, askJson } from '../../../core/http'
import type { PointKind } from '../../../wire/api'

export interface ShownPoint {
  title: string
  title_zh: string
  unit: string
  kind: PointKind
  states?: Record<string, string>
  states_zh?: Record<string, string>
}

export interface Finding {
  line: number
  item: string
  field: string
  message: string
  message_zh: string
  advice: string
  advice_zh: string
}

export interface ScreenWhole {
  screen: ScreenText
  text: string
  revision: number
  made: boolean
  findings: Finding[]
  points: Record<string, ShownPoint>
  chosen: Record<string, string>
}

const at = (name: string): string => `/screens/${encodeURIComponent(name)}`

export const drawing = {
  get: (name: string, signal?: AbortSignal) => askJson<ScreenWhole>(at(name), { signal }),
  ofAsset: (asset: string, signal?: AbortSignal) => askJson<ScreenWhole>(`/assets/${encodeURIComponent(asset)}/screen`, { signal }),
  /** What would be shown; writes nothing. */
  check: (name: string, told: { text: string } | { screen: ScreenText }, signal?: AbortSignal) => askJson<ScreenWhole>(at(name), { method: 'PUT', json: { ...told, check: true }, signal }),
  put: (name: string, told: { text: string } | { screen: ScreenText }, revision: number) => askJson<ScreenWhole>(at(name), { method: 'PUT', json: { ...told, revision } }),
  putFile: (name: string, file: string, content: Blob) => ask(`${at(name)}/files/${encodeURIComponent(file)}`, { method: 'PUT', body: content, type: content.type || 'image/jpeg' }),
}

export const fileLink = (name: string, file: string, stamp: string | number = ''): string => `/api/v1${at(name)}/files/${encodeURIComponent(file)}${stamp ? `?v=${stamp}` : ''}`

/** What can be shown on an element that is no symbol. */
export const ELEMENT_SLOTS: Record<string, readonly Slot[]> = { pipe: ['running', 'speed', 'fault'], value: ['value', 'set_point'], bar: ['value', 'set_point'], gauge: ['value', 'set_point'], state: ['value', 'fault'], text: [], trend: [], image: [], link: [] }
