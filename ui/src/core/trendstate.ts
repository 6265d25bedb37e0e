/** The trends page as serialisable state: what the link holds is all there is. */
import { decoded } from './route'
import { durationSeconds, type TimeRange } from './time'

export const LAYOUTS = ['overlay', 'unit', 'stack'] as const
export type Layout = (typeof LAYOUTS)[number]
export const VIEWS = ['time', 'scatter', 'histogram'] as const
export type View = (typeof VIEWS)[number]

/** How a counter is drawn: what it counted in every interval, or that per second, instead of its reading. */
export const COUNTED = ['increase', 'rate'] as const
export type Counted = (typeof COUNTED)[number]

export interface TrendState {
  points: string[]
  range: TimeRange
  layout: Layout
  view: View
  /** How long before, like `7d`, the same window is laid over; empty for no comparison. */
  compare: string
  /** Fixed ends of scales by unit; the others follow the values. */
  scales: Record<string, [number, number]>
  episodes: boolean
  hidden: string[]
  counted: Record<string, Counted>
}

export const emptyTrend: TrendState = { points: [], range: { start: '-1h', end: 'now' }, layout: 'overlay', view: 'time', compare: '', scales: {}, episodes: true, hidden: [], counted: {} }

const list = (text: string | null) => (text ? text.split(',').flatMap((part) => decoded([part]) ?? []).filter(Boolean) : [])

export function parseTrend(search: string): TrendState {
  const found = new URLSearchParams(search)
  // Names may hold commas: each is encoded by itself, so lists are cut before they are decoded.
  const raw = (key: string) => {
    const match = new RegExp(`[?&]${key}=([^&]*)`).exec(search)
    return match?.[1] ?? null
  }
  return {
    points: list(raw('p')),
    range: { start: found.get('from') || emptyTrend.range.start, end: found.get('to') || emptyTrend.range.end },
    layout: LAYOUTS.find((one) => one === found.get('layout')) ?? 'overlay',
    view: VIEWS.find((one) => one === found.get('view')) ?? 'time',
    compare: durationSeconds(found.get('compare') ?? '') ? (found.get('compare') ?? '') : '',
    scales: scalesOf(raw('y')),
    episodes: found.get('episodes') !== '0',
    hidden: list(raw('hide')),
    counted: Object.fromEntries(COUNTED.flatMap((how) => list(raw(how)).map((name) => [name, how]))),
  }
}

export function trendSearch(state: TrendState): string {
  const parts = [`p=${state.points.map(encodeURIComponent).join(',')}`]
  parts.push(`from=${encodeURIComponent(state.range.start)}`, `to=${encodeURIComponent(state.range.end)}`)
  if (state.layout !== 'overlay') parts.push(`layout=${state.layout}`)
  if (state.view !== 'time') parts.push(`view=${state.view}`)
  if (state.compare) parts.push(`compare=${encodeURIComponent(state.compare)}`)
  const fixed = Object.entries(state.scales).map(([unit, [low, high]]) => `${encodeURIComponent(unit)}:${low}:${high}`)
  if (fixed.length) parts.push(`y=${fixed.join(',')}`)
  if (!state.episodes) parts.push('episodes=0')
  for (const how of COUNTED) {
    const names = Object.keys(state.counted).filter((name) => state.counted[name] === how)
    if (names.length) parts.push(`${how}=${names.map(encodeURIComponent).join(',')}`)
  }
  if (state.hidden.length) parts.push(`hide=${state.hidden.map(encodeURIComponent).join(',')}`)
  return `?${parts.join('&')}`
}

/** `Cel:0:80,bar:0:10`; what does not read as a scale is left out. */
function scalesOf(text: string | null): Record<string, [number, number]> {
  const out: Record<string, [number, number]> = {}
  for (const part of (text ?? '').split(',')) {
    const match = /^(.*):([-\d.e+]+):([-\d.e+]+)$/.exec(part)
    const [low, high] = [Number(match?.[2]), Number(match?.[3])]
    const unit = decoded([match?.[1] ?? ''])?.[0]
    if (match && unit !== undefined && low < high) out[unit] = [low, high]
  }
  return out
}

export const MAX_POINTS = 24

export function added(state: TrendState, names: readonly string[]): TrendState {
  const points = [...state.points]
  for (const name of names) if (!points.includes(name) && points.length < MAX_POINTS) points.push(name)
  return { ...state, points }
}

export function removed(state: TrendState, name: string): TrendState {
  return { ...withCounted(state, name, undefined), points: state.points.filter((p) => p !== name), hidden: state.hidden.filter((p) => p !== name) }
}

/** Draw a counter as its increase or rate; undefined: as its reading. */
export function withCounted(state: TrendState, name: string, how: Counted | undefined): TrendState {
  const { [name]: _, ...others } = state.counted
  return { ...state, counted: how ? { ...others, [name]: how } : others }
}
