/** Calls about what counters counted, and how long history is kept. */
import { askJson, query } from './http'
import { zone } from './time'

const id = encodeURIComponent

export interface IncreaseRow {
  time_us: number
  increase: number
  unexplained: number
}

export interface Increase {
  unit: string
  total: number
  rows: IncreaseRow[]
}

export interface Exchange {
  time_us: number
  old_end: number | null
  new_start: number | null
  note: string
  by: string
}

export const counters = {
  increase: (name: string, every: string, start: string) =>
    askJson<Increase>(`/points/${id(name)}/increase${query({ every, start, tz: zone() })}`),
  exchanges: (name: string) => askJson<Exchange[]>(`/points/${id(name)}/exchanges`),
  exchange: (name: string, told: { time: string; old_end: number | null; new_start: number; note: string }) =>
    askJson<Exchange>(`/points/${id(name)}/exchanges`, { method: 'POST', json: told }),
  cancel: (name: string, timeUs: number) => askJson<void>(`/points/${id(name)}/exchanges/${timeUs}`, { method: 'DELETE' }),
}

export interface Keep {
  raw_days: number | null
  minute_days: number | null
  hour_days: number | null
}

export interface Stock {
  first_day: string | null
  last_day: string | null
  days: number
  rows: number
  bytes: number
  minute_rollups: number
  hour_rollups: number
}

export interface Retention {
  keep: Keep
  asked: Keep
  has: Stock
  would_go: Stock
}

/** 0 asks about "for ever". */
const zeros = (keep: Keep) => ({ raw_days: keep.raw_days ?? 0, minute_days: keep.minute_days ?? 0, hour_days: keep.hour_days ?? 0 })

export const retention = {
  get: () => askJson<Retention>('/retention'),
  look: (keep: Keep) => askJson<Retention>(`/retention${query(zeros(keep))}`),
  set: (keep: Keep, confirmDays: number) => askJson<Retention>('/retention', { method: 'PUT', json: { ...keep, confirm_days: confirmDays } }),
}

/** The most days of anything that would go: what has to be confirmed. */
export function daysGoing(stock: Stock): number {
  return Math.max(stock.days, stock.minute_rollups, stock.hour_rollups)
}
