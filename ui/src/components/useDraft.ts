/** What somebody was writing, found again by the same person in this window; another person at this screen finds nothing. */
import { useCallback, useState } from 'react'
import { type Draft, keepDraft, keptDraft } from '../core/draft'
import { usePreferences } from './preferences'

/** `what`: the kind of thing and its name. `keep(null)`: nothing is unsaved any more. */
export function useDraft(what: string): { first: Draft | null; keep: (draft: Draft | null) => void } {
  const { session } = usePreferences()
  const mine = `${session?.tenant}/${session?.user} ${what}`
  const [first] = useState(() => keptDraft(mine))
  const keep = useCallback((draft: Draft | null) => keepDraft(mine, draft), [mine])
  return { first, keep }
}
