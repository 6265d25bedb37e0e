/** The trends page as serialisable state: what the link holds is all there is. */
import type { TimeRange } from './time'

export interface TrendState {
  points: string[]
  range: TimeRange
  layout: 'overlay' | 'stack'
  episodes: boolean
  hidden: string[]
}

export const emptyTrend: TrendState = { points: [], range: { start: '-1h', end: 'now' }, layout: 'overlay', episodes: true, hidden: [] }

const list = (text: string | null) => (text ? text.split(',').map((part) => decodeURIComponent(part)).filter(Boolean) : [])

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
    layout: found.get('layout') === 'stack' ? 'stack' : 'overlay',
    episodes: found.get('episodes') !== '0',
    hidden: list(raw('hide')),
  }
}

export function trendSearch(state: TrendState): string {
  const parts = [`p=${state.points.map(encodeURIComponent).join(',')}`]
  parts.push(`from=${encodeURIComponent(state.range.start)}`, `to=${encodeURIComponent(state.range.end)}`)
  if (state.layout === 'stack') parts.push('layout=stack')
  if (!state.episodes) parts.push('episodes=0')
  if (state.hidden.length) parts.push(`hide=${state.hidden.map(encodeURIComponent).join(',')}`)
  return `?${parts.join('&')}`
}

export const MAX_POINTS = 24

export function added(state: TrendState, names: readonly string[]): TrendState {
  const points = [...state.points]
  for (const name of names) if (!points.includes(name) && points.length < MAX_POINTS) points.push(name)
  return { ...state, points }
}

export function removed(state: TrendState, name: string): TrendState {
  return { ...state, points: state.points.filter((p) => p !== name), hidden: state.hidden.filter((p) => p !== name) }
}
