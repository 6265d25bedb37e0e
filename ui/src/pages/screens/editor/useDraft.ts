/** A drawing that was not saved, found again by the same person: a session may end in the middle of it. */
import { useCallback, useState } from 'react'
import { usePreferences } from '../../../components/preferences'
import { keepDraft, keptDraft } from '../../../core/draft'
import type { ScreenText } from '../../../core/screens'
import type { ScreenWhole } from '../../../core/screencalls'

export function useDraft(name: string, held: ScreenWhole | null): { first: ScreenText | null; keep: (screen: ScreenText | null, revision: number) => void } {
  const { session } = usePreferences()
  const mine = `${session?.tenant}/${session?.user} screen ${name}`
  const [first] = useState<ScreenText | null>(() => {
    const draft = keptDraft(mine)
    // One made from another revision would be saved over what somebody else did since.
    return draft && draft.from === (held?.revision ?? 0) ? (JSON.parse(draft.text) as ScreenText) : null
  })
  const keep = useCallback((screen: ScreenText | null, revision: number) => keepDraft(mine, screen ? { text: JSON.stringify(screen), before: '', from: revision } : null), [mine])
  return { first, keep }
}
