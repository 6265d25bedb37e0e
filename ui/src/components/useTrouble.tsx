/** Says what went wrong in a corner of the page, where there is no place of its own for it. */
import { App } from 'antd'
import { useCallback } from 'react'
import { asProblem } from '../core/http'
import { useSaid } from './useSaid'

export function useTrouble(): (error: unknown) => void {
  const { notification } = App.useApp()
  const said = useSaid()
  return useCallback(
    (error: unknown) => {
      const { title, particulars, advice } = said(asProblem(error))
      const lines = [particulars, advice].filter(Boolean)
      notification.error({ title, description: lines.map((line) => <p key={line}>{line}</p>) })
    },
    [notification, said],
  )
}
