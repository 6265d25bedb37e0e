/** Says what went wrong in a corner of the page, where there is no place of its own for it. */
import { App } from 'antd'
import { useCallback } from 'react'
import { asProblem } from '../core/http'
import { inLanguage, useLanguageCode } from './preferences'

export function useTrouble(): (error: unknown) => void {
  const { notification } = App.useApp()
  const language = useLanguageCode()
  return useCallback(
    (error: unknown) => {
      const problem = asProblem(error)
      const title = inLanguage(language, problem.title, problem.title_zh)
      const lines = [title === problem.title ? '' : problem.title, inLanguage(language, problem.advice, problem.advice_zh)].filter(Boolean)
      notification.error({ title, description: lines.map((line) => <p key={line}>{line}</p>) })
    },
    [notification, language],
  )
}
