/** The words: one table per language, loaded when wanted. A test compares the tables. */
import i18next from 'i18next'
import type { Language } from '../format'
import type zh from './zh.json'

export type WordTable = typeof zh

export async function loadWords(language: Language): Promise<WordTable> {
  return language === 'zh' ? (await import('./zh.json')).default : (await import('./en.json')).default
}

const KEY = 'baigong.language'

/** The language chosen here before, else the browser's. */
export function firstLanguage(): Language {
  try {
    const chosen = localStorage.getItem(KEY)
    if (chosen === 'zh' || chosen === 'en') return chosen
  } catch {
    // Storage may be blocked; the browser's language will do.
  }
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** `keep`: remember it in this browser; what was only guessed from the browser is not a choice. */
export async function setLanguage(language: Language, keep = true): Promise<void> {
  if (!i18next.isInitialized) {
    await i18next.init({ lng: language, fallbackLng: false, interpolation: { escapeValue: false }, returnNull: false, resources: {} })
  }
  if (!i18next.hasResourceBundle(language, 'translation')) i18next.addResourceBundle(language, 'translation', await loadWords(language))
  await i18next.changeLanguage(language)
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  if (!keep) return
  try {
    localStorage.setItem(KEY, language)
  } catch {
    // Not kept: asked again by the browser's language next time.
  }
}
