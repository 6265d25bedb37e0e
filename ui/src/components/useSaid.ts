/** A problem in the reader's language: the console's own words for what it found itself, else what the server said. */
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem } from '../wire/api'
import { inLanguage, useLanguageCode } from './preferences'

export interface Said {
  title: string
  /** The particulars, said in English; the Chinese headline stands above them. */
  particulars: string
  advice: string
}

export function useSaid(): (problem: Problem) => Said {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  return useCallback(
    (problem) => {
      const ours = `errors.${problem.code.replace(/\./g, '_')}`
      if (problem.code.startsWith('client.') && i18n.exists(`${ours}.title`)) {
        return { title: t(`${ours}.title` as 'errors.client_offline.title'), particulars: '', advice: t(`${ours}.advice` as 'errors.client_offline.advice') }
      }
      const title = inLanguage(language, problem.title, problem.title_zh)
      return { title, particulars: title === problem.title ? '' : problem.title, advice: inLanguage(language, problem.advice, problem.advice_zh) }
    },
    [t, i18n, language],
  )
}
