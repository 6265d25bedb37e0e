/** What all items of a screen share. */
import { createContext, useContext } from 'react'
import type { Chosen } from '../../core/screens'
import type { Meant } from '../useLook'

export interface Sheet {
  chosen: Chosen
  points: Readonly<Record<string, Meant & { title?: string }>>
  /** Where a picture of the screen is. */
  fileOf: (file: string) => string
  /** Whether the past can be asked for: a link shows only what is now. */
  past: boolean
  /** Go where a click leads; null: nowhere (a link for strangers). */
  open: ((href: string) => void) | null
}

export const SheetContext = createContext<Sheet | null>(null)

export function useSheet(): Sheet {
  const found = useContext(SheetContext)
  if (!found) throw new Error('useSheet outside a screen')
  return found
}
