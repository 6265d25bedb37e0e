/** What the editor asks of the server. */
import type { ScreenWhole } from '../../../core/screencalls'
import type { ScreenText, Slot } from '../../../core/screens'
import { ask, askJson } from '../../../core/http'

const at = (name: string): string => `/screens/${encodeURIComponent(name)}`

export const drawing = {
  /** What would be shown; writes nothing. */
  check: (name: string, told: { text: string } | { screen: ScreenText }, signal?: AbortSignal) => askJson<ScreenWhole>(at(name), { method: 'PUT', json: { ...told, check: true }, signal }),
  put: (name: string, told: { text: string } | { screen: ScreenText }, revision: number) => askJson<ScreenWhole>(at(name), { method: 'PUT', json: { ...told, revision } }),
  putFile: (name: string, file: string, content: Blob) => ask(`${at(name)}/files/${encodeURIComponent(file)}`, { method: 'PUT', body: content, type: content.type || 'image/jpeg' }),
}

/** What can be shown on an element that is no symbol. */
export const ELEMENT_SLOTS: Record<string, readonly Slot[]> = { pipe: ['running', 'speed', 'fault'], value: ['value', 'set_point'], bar: ['value', 'set_point'], gauge: ['value', 'set_point'], state: ['value', 'fault'], text: [], trend: [], image: [], link: [] }
