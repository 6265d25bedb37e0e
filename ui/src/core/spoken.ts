/** Names come from the server in both languages; here one is chosen, and the other stands in where it is missing. */
import type { Language } from './format'

export interface Named {
  title?: string
  title_zh?: string
  asset_title?: string
  asset_title_zh?: string
  states?: Record<string, string>
  states_zh?: Record<string, string>
}

/** The Chinese or the English of a text that came from the server in both. */
export function inLanguage(language: Language, en: string | null | undefined, zh: string | null | undefined): string {
  return (language === 'zh' ? zh || en : en || zh) ?? ''
}

/** The same thing with `title`, `asset_title` and `states` in one language. */
export function spoken<T extends Named>(language: Language, thing: T): T {
  const states = language === 'zh' ? { ...thing.states, ...thing.states_zh } : { ...thing.states_zh, ...thing.states }
  return {
    ...thing,
    title: inLanguage(language, thing.title, thing.title_zh),
    asset_title: inLanguage(language, thing.asset_title, thing.asset_title_zh),
    states,
  }
}

/** `Cooling pump 2 · Flow`; parts without a title show their name, and a point without any its name alone. */
export function fullTitle(language: Language, point: Named & { name: string }): string {
  const said = spoken(language, point)
  if (!said.title && !said.asset_title) return point.name
  const dot = point.name.lastIndexOf('.')
  return `${said.asset_title || point.name.slice(0, dot)} · ${said.title || point.name.slice(dot + 1)}`
}
