/** A drawing that was not saved, found again by the same person: a session may end in the middle of it. */
import { useCallback, useState } from 'react'
import { useDraft } from '../../../components/useDraft'
import type { ScreenText } from '../../../core/screens'
import type { ScreenWhole } from '../../../core/screencalls'

export function useScreenDraft(name: string, held: ScreenWhole | null): { first: ScreenText | null; keep: (screen: ScreenText | null, revision: number) => void } {
  const draft = useDraft(`screen ${name}`)
  const [first] = useState<ScreenText | null>(() => {
    // One made from another revision would be saved over what somebody else did since.
    return draft.first && draft.first.from === (held?.revision ?? 0) ? (JSON.parse(draft.first.text) as ScreenText) : null
  })
  const keep = useCallback((screen: ScreenText | null, revision: number) => draft.keep(screen ? { text: JSON.stringify(screen), before: '', from: revision } : null), [draft.keep])
  return { first, keep }
}
