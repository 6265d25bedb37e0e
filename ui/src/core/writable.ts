/** Which points may be written, by what rule, and who may. */
import type { WriteRule } from './commands'
import { askJson, query } from './http'

export interface WritablePoint {
  name: string
  asset: string
  title: string
  title_zh: string
  unit: string
  device: string
  rule: WriteRule
  stopped: boolean
  may_write: boolean
}

export interface Writable {
  total: number
  assets: string[]
  points: WritablePoint[]
}

export interface MayWrite {
  command: string[]
  approve: string[]
}

export const WRITABLE_PAGE = 50

export const writable = {
  list: (asset: string, offset: number) => askJson<Writable>(`/writable${query({ asset, offset, limit: WRITABLE_PAGE })}`),
  who: (name: string) => askJson<MayWrite>(`/writable/${encodeURIComponent(name)}/who`),
}

/** The bounds of a rule in one line: what it lets through, in the point's unit. */
export function bounds(rule: WriteRule, unit: string): string {
  const { min, max } = rule
  if (min == null && max == null) return ''
  return `${min ?? '−∞'} … ${max ?? '∞'}${unit ? ` ${unit}` : ''}`
}
