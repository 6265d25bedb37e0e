/** Episodes of the assets shown, as bands; chosen by kind. */
import { useMemo, useState } from 'react'
import { ANNOTATION } from './AnnotateDialog'
import type { Band } from '../../charts/layers'
import { inLanguage, usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { episodes as ask } from '../../core/calls'
import { colourOf } from '../../core/palette'
import { secondsOf } from '../../core/time'
import type { TrendState } from '../../core/trendstate'
import type { Episode } from '../../wire/api'

export interface Episodes {
  shown: Band[]
  kinds: { kind: string; n: number; on: boolean; colour: string }[]
  toggle: (kind: string) => void
  notes: Episode[]
  reload: () => void
}

// What is on no asset is about the whole plant.
const WHOLE = new Set(['', 'plant'])
// Shifts and orders cover everything all the time: asked for, not shown by themselves.
const QUIET = new Set(['shift', 'order', 'lot', 'run', 'batch'])

export function useEpisodes(state: TrendState, turn: number): Episodes {
  const { theme, language } = usePreferences()
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map())
  const wanted = state.episodes && state.points.length > 0
  const { data, reload } = useAsk(wanted ? `episodes:${state.range.start}:${state.range.end}:${turn}` : null, (signal) => ask(state.range.start, state.range.end, undefined, signal))
  const list = useMemo<Episode[]>(() => data ?? [], [data])
  const points = state.points.join('\n')
  const mine = useMemo(() => {
    const names = points.split('\n')
    return list.filter((episode) => WHOLE.has(episode.asset) || names.some((name) => name.startsWith(`${episode.asset}.`)))
  }, [list, points])
  const kinds = useMemo(() => {
    const counts = new Map<string, number>()
    for (const episode of mine) counts.set(episode.kind, (counts.get(episode.kind) ?? 0) + 1)
    return [...counts.keys()].sort().map((kind, i) => ({ kind, n: counts.get(kind) ?? 0, on: chosen.get(kind) ?? !QUIET.has(kind), colour: colourOf(i + 3, theme) }))
  }, [mine, chosen, theme])
  const shown = useMemo<Band[]>(() => {
    if (!wanted) return []
    const on = new Map(kinds.filter((kind) => kind.on).map((kind) => [kind.kind, kind.colour]))
    return mine
      .filter((episode) => on.has(episode.kind))
      .slice(0, 400)
      .map((episode) => ({
        from: secondsOf(episode.start_us),
        to: typeof episode.end_us === 'number' ? secondsOf(episode.end_us) : Date.now() / 1000,
        label: inLanguage(language, episode.title, episode.title_zh) || episode.kind,
        colour: on.get(episode.kind) ?? '#888888',
      }))
  }, [mine, kinds, wanted, language])
  const toggle = (kind: string) => setChosen((old) => new Map(old).set(kind, !(old.get(kind) ?? !QUIET.has(kind))))
  const notes = useMemo(() => mine.filter((episode) => episode.kind === ANNOTATION), [mine])
  return { shown, notes, reload, kinds: wanted ? kinds : [], toggle }
}
