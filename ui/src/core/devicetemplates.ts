/** Device templates: the calls, and what is shown of a plan. */
import type { components } from '../wire/openapi'
import { askJson, query } from './http'

type Schemas = components['schemas']
export type TemplateLine = Schemas['DeviceTemplateLine']
export type TemplateWhole = Schemas['TemplateAnswer']
export type Plan = Schemas['PlannedDevices']
export type Planned = Schemas['PlannedDevice']
export type ReadTable = Schemas['ReadAnswer']
export type Reading = Record<string, string>

const at = (name: string): string => `/device-templates/${encodeURIComponent(name)}`

export const templates = {
  list: (signal?: AbortSignal) => askJson<TemplateLine[]>('/device-templates', { signal }),
  get: (name: string, version?: number, signal?: AbortSignal) => askJson<TemplateWhole>(`${at(name)}${query({ version })}`, { signal }),
  put: (name: string, text: string, base?: number) => askJson<Schemas['TemplateKept']>(at(name), { method: 'PUT', json: { text, base } }),
  /** One device of each line of a table; `check`: only say what would be. */
  devices: (name: string, text: string, check: boolean, signal?: AbortSignal) => askJson<Plan>(`${at(name)}/devices`, { method: 'POST', json: { text, check }, signal }),
  upgrade: (name: string, devices: string[] | null, check: boolean, signal?: AbortSignal) =>
    askJson<Plan>(`${at(name)}/upgrade`, { method: 'POST', json: { ...(devices ? { devices } : {}), check }, signal }),
  /** What a maker's register table says, line by line; `content`: a workbook in base64, called `file`. */
  read: (asked: { text?: string; content?: string; file?: string; name: string; reading: Reading; without: number[] }, signal?: AbortSignal) =>
    askJson<ReadTable>('/device-templates/read', { method: 'POST', json: asked, signal }),
}

/** The columns that a table of devices begins with, for somebody who has none yet. */
export function sampleTable(whole: TemplateWhole['whole']): string {
  const heads = ['device', 'asset', ...(whole.driver === 'modbus' ? ['host', 'unit'] : ['host']), ...Object.keys(whole.parameters ?? {})]
  const example = heads.map((head) => ({ device: 'meter1', asset: 'hall1.meter1', host: '192.168.1.10', unit: '1' })[head] ?? String(whole.parameters?.[head]?.default ?? ''))
  return `${heads.join(',')}\n${example.join(',')}\n`
}

/** A change in a few words: `scale 0.1 → 0.01`. */
export const saidChange = (fields: NonNullable<Planned['changes']>[number]['fields']): string =>
  (fields ?? []).map((one) => `${one.field} ${shown(one.before)} → ${shown(one.after)}`).join(', ')

const shown = (value: unknown): string => (value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value))

/** Bytes as base64, a piece at a time: a call takes only so many arguments. */
export function base64(bytes: Uint8Array): string {
  let text = ''
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  return btoa(text)
}

export const validTemplate = (name: string): boolean => /^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$/.test(name)

/** A template's text under another name. */
export const renamedTemplate = (text: string, name: string): string => (/^template:.*$/m.test(text) ? text.replace(/^template:.*$/m, `template: ${name}`) : `template: ${name}\n${text}`)
