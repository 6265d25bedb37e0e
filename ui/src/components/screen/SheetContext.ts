/** What all items of a screen share. */
import { createContext, useContext } from 'react'
import type { seriesArrow } from '../../core/calls'
import type { Chosen } from '../../core/screens'
import type { Meant } from '../useLook'

/** The past of what one item of the screen draws. */
export type PastOf = (item: string) => typeof seriesArrow

export interface Sheet {
  chosen: Chosen
  points: Readonly<Record<string, Meant & { title?: string }>>
  /** Where a picture of the screen is. */
  fileOf: (file: string) => string
  /** Who is asked for the past of a trend, by its id; left out: the server, as whoever is signed in. */
  pastOf?: PastOf | undefined
  /** Go where a click leads; null: nowhere (a link for strangers). */
  open: ((href: string) => void) | null
}

export const SheetContext = createContext<Sheet | null>(null)

export function useSheet(): Sheet {
  const found = useContext(SheetContext)
  if (!found) throw new Error('useSheet outside a screen')
  return found
}
