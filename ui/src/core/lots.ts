/** Genealogy of products: the calls, and the lines of the drawing made of them. */
import type { components } from '../wire/openapi'
import type { Language } from './format'
import { askJson, hrefOf, query } from './http'

export type Trace = components['schemas']['TraceAnswer']
export type Lot = Trace['lots'][number]
export type LotEpisode = Trace['episodes'][number]
export type Way = 'back' | 'forward'

export const lots = {
  list: (search: string, signal?: AbortSignal) => askJson<{ lots: string[] }>(`/lots${query({ search })}`, { signal }),
  trace: (lot: string, direction: Way, signal?: AbortSignal) => askJson<Trace>(`/lots/trace${query({ lot, direction, ...(direction === 'back' ? { parameters: 'true' } : {}) })}`, { signal }),
}

export const lotLink = (lot: string, way: Way = 'back'): string => `/lots${query({ lot, ...(way === 'forward' ? { way } : {}) })}`

/** Whether somebody who did it lacked what the machine asks for. */
export const doubtful = (one: LotEpisode): boolean => one.qualifications.some((told) => told.state !== 'held')

/** Where the table of a recall or trace is, for a browser to save. */
export const lotFile = (lot: string, direction: Way, format: 'csv' | 'xlsx', language: Language): string => hrefOf(`/lots/trace${query({ lot, direction, format, language, limit: '100000' })}`)

/** What an address says: `?lot=SN-1&way=forward`. */
export function askedOf(search: string): { lot: string; way: Way } {
  const told = new URLSearchParams(search)
  return { lot: told.get('lot') ?? '', way: told.get('way') === 'forward' ? 'forward' : 'back' }
}

/** One line of the drawing. `again`: it is followed where it stands first. */
export interface LotLine {
  lot: string
  depth: number
  episodes: string[]
  again: boolean
  /** A key of its own: a lot may stand in several places. */
  key: string
}

/** The links as an indented list, depth first; a lot that several ways lead to stands in each, and is followed once. */
export function linesOf({ lot, direction, links }: Pick<Trace, 'lot' | 'direction' | 'links'>): LotLine[] {
  const after = new Map<string, Map<string, string[]>>()
  for (const link of links) {
    const [here, there] = direction === 'forward' ? [link.consumed, link.produced] : [link.produced, link.consumed]
    const next = after.get(here) ?? new Map<string, string[]>()
    next.set(there, [...(next.get(there) ?? []), link.episode])
    after.set(here, next)
  }
  const lines: LotLine[] = []
  const followed = new Set<string>()
  const todo: Omit<LotLine, 'again'>[] = [{ lot, depth: 0, episodes: [], key: lot }]
  while (todo.length) {
    const line = todo.pop() as Omit<LotLine, 'again'>
    const next = after.get(line.lot)
    const again = followed.has(line.lot) && next !== undefined
    lines.push({ ...line, again })
    if (followed.has(line.lot)) continue
    followed.add(line.lot)
    for (const [there, episodes] of [...(next ?? [])].sort(([a], [b]) => (a < b ? 1 : -1))) todo.push({ lot: there, depth: line.depth + 1, episodes, key: `${line.key}/${there}` })
  }
  return lines
}
