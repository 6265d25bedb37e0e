/** The life of an asset: the calls, and how one event is said. */
import type { components } from '../wire/openapi'
import { askJson } from './http'

export type Life = components['schemas']['LifeAnswer']
export type LifeLine = Life['entries'][number]
export type Phase = LifeLine['phase']

export const TOLD = ['manufactured', 'delivered', 'installed', 'commissioned', 'part_installed', 'part_exchanged', 'replaced', 'repaired', 'inspected', 'calibrated', 'serviced', 'modified', 'decommissioned', 'note'] as const
export type Told = (typeof TOLD)[number]

export interface LifeNote {
  kind: Told
  time_us?: number
  text?: string
  part?: string
  serial?: string
  previous?: string
  cost?: number
  currency?: string
  corrects?: string
}

const path = (asset: string) => `/assets/${encodeURIComponent(asset)}/life`

export const life = {
  get: (asset: string, signal?: AbortSignal) => askJson<Life>(path(asset), { signal }),
  tell: (asset: string, note: LifeNote) => askJson<LifeLine>(path(asset), { method: 'POST', json: note }),
}

const WORDS = ['text', 'part', 'title', 'file', 'device', 'from', 'to'] as const

/** The particulars of an event that need no label: text, part, from → to, cost. */
export function particulars(detail: Record<string, unknown>): string[] {
  const text = (name: string) => (typeof detail[name] === 'string' ? detail[name] : '')
  const words = WORDS.filter((name) => name !== 'from' && name !== 'to').map(text)
  const moved = text('from') || text('to') ? `${text('from') || '—'} → ${text('to') || '—'}` : ''
  const cost = typeof detail.cost === 'number' ? `${detail.cost} ${text('currency')}`.trim() : ''
  return [...words, moved, cost].filter(Boolean)
}
