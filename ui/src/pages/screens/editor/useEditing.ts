/** One screen under somebody's hands: what is drawn, what is chosen, what can be taken back. */
import { useCallback, useMemo, useState } from 'react'
import type { ScreenItem, ScreenText } from '../../../core/screens'
import { type Ids, type Items, pasted, removed, withGroups } from './arrange'
import { begun, changed, type History, redone, undone } from './history'

export interface Editing {
  screen: ScreenText
  items: Items
  chosen: Ids
  /** Those of the items that are chosen, in their order. */
  picked: Items
  canUndo: boolean
  canRedo: boolean
  choose: (ids: Iterable<string>, more?: boolean) => void
  /** `name`: the same one again, one after the other, is one step back. */
  set: (items: Items, name?: string) => void
  setScreen: (screen: ScreenText, name?: string) => void
  undo: () => void
  redo: () => void
  copy: () => ScreenItem[]
  paste: (copies?: Items) => void
  remove: () => void
  /** Begin again with this one, with nothing to take back. */
  reset: (screen: ScreenText) => void
}

let kept: ScreenItem[] = [] // what was copied last, also from another screen

export function useEditing(first: ScreenText): Editing {
  const [history, setHistory] = useState<History<ScreenText>>(() => begun(first))
  const [wanted, setWanted] = useState<Ids>(new Set())
  const screen = history.now
  const items = useMemo(() => screen.items ?? [], [screen])
  const chosen = useMemo(() => new Set(items.filter((item) => wanted.has(item.id)).map((item) => item.id)), [items, wanted])
  const picked = useMemo(() => items.filter((item) => chosen.has(item.id)), [items, chosen])

  const setScreen = useCallback((now: ScreenText, name = '') => setHistory((old) => changed(old, now, name)), [])
  const set = useCallback((now: Items, name = '') => setHistory((old) => changed(old, { ...old.now, items: [...now] }, name)), [])
  const choose = useCallback(
    (ids: Iterable<string>, more = false) =>
      setWanted((old) => {
        const whole = withGroups(items, new Set(ids))
        if (!more) return whole
        const next = new Set(old)
        const isIn = [...whole].every((id) => next.has(id))
        for (const id of whole) if (isIn) next.delete(id)
          else next.add(id)
        return next
      }),
    [items],
  )
  const undo = useCallback(() => setHistory(undone), [])
  const redo = useCallback(() => setHistory(redone), [])
  const reset = useCallback((now: ScreenText) => (setHistory(begun(now)), setWanted(new Set())), [])
  const copy = useCallback(() => {
    if (picked.length) kept = [...picked]
    return kept
  }, [picked])
  const paste = useCallback(
    (copies: Items = kept) => {
      if (!copies.length) return
      const made = pasted(items, copies)
      set(made.items)
      setWanted(made.ids)
    },
    [items, set],
  )
  const remove = useCallback(() => set(removed(items, chosen)), [items, chosen, set])
  return { screen, items, chosen, picked, canUndo: history.past.length > 0, canRedo: history.future.length > 0, choose, set, setScreen, undo, redo, copy, paste, remove, reset }
}
