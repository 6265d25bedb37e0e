/** How the region looks whose door this is: before signing in by host name or ?region=, then by one's company. */
import { askJson, query } from './http'
import type { Theme } from './palette'
import type { Looks } from '../wire/desk'

const KEY = 'baigong.region'

/** The region asked for in the address; kept for this tab, for the way back from a company's provider. */
export function askedRegion(search: string): string {
  const asked = new URLSearchParams(search).get('region') ?? ''
  try {
    if (asked) sessionStorage.setItem(KEY, asked)
    return asked || (sessionStorage.getItem(KEY) ?? '')
  } catch {
    return asked
  }
}

export const looks = (region: string): Promise<Looks> => askJson<Looks>(`/looks${query({ region })}`, { quiet401: true })

export const accentOf = (look: Looks | null, theme: Theme): string => (theme === 'dark' ? look?.accent_dark : look?.accent) ?? ''
