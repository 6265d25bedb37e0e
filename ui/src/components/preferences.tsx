/** Theme and language of this browser, and who is signed in. */
import { createContext, useContext } from 'react'
import type { Language } from '../core/format'
import type { Theme } from '../core/palette'
import type { Session } from '../wire/api'
import type { Looks } from '../wire/desk'

export interface Preferences {
  theme: Theme
  setTheme: (theme: Theme) => void
  language: Language
  setLanguage: (language: Language) => void
  session: Session | null
  /** How the region looks whose door this is; null until that is known. */
  look: Looks | null
  hasDemo: boolean
  signOut: () => void
}

export const PreferencesContext = createContext<Preferences | null>(null)

export function usePreferences(): Preferences {
  const found = useContext(PreferencesContext)
  if (!found) throw new Error('usePreferences outside App')
  return found
}

export const useLanguageCode = (): Language => usePreferences().language

export { inLanguage } from '../core/spoken'
