/** The tree as far as it has been opened: branches are read when wanted, and again after a change. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { asProblem } from '../../core/http'
import { assets, PAGE } from '../../core/assets'
import { type AssetTree, emptyTree, flattened, opened, shut, type TreeRow, unread, withLines } from '../../core/assettree'
import type { Problem } from '../../wire/api'

export interface TreeHold {
  tree: AssetTree
  /** The tree from top to bottom, as far as it is open. */
  rows: readonly TreeRow[]
  error: Problem | null
  open: (...names: string[]) => void
  shut: (name: string) => void
  more: (parent: string) => void
  reload: () => void
}

// Kept while the console is open: who comes back finds the tree as it was left.
let kept: AssetTree['open'] = new Set()

/** `keeps`: what is opened here stays open; otherwise it only begins so. */
export function useAssetTree(turn: number, keeps = true): TreeHold {
  const [tree, setTree] = useState<AssetTree>(() => ({ ...emptyTree, open: kept }))
  const [error, setError] = useState<Problem | null>(null)
  const asked = useRef(new Set<string>())
  const round = useRef(0)
  const now = useRef(tree)
  now.current = tree
  const rows = useMemo(() => flattened(tree), [tree])
  if (keeps) kept = tree.open

  const read = useCallback((parent: string, offset: number) => {
    const key = `${parent}\n${offset}`
    if (asked.current.has(key)) return
    asked.current.add(key)
    const mine = round.current
    assets
      .list({ parent, limit: PAGE, offset })
      .then(
        (answer) => {
          if (mine !== round.current) return
          setError(null)
          setTree((old) => withLines(old, parent, offset, answer.assets, answer.total))
        },
        (problem: unknown) => mine === round.current && setError(asProblem(problem)),
      )
      .finally(() => mine === round.current && asked.current.delete(key))
  }, [])

  const reload = useCallback(() => {
    round.current += 1
    asked.current.clear()
    setError(null)
    read('', 0)
    for (const parent of now.current.open) read(parent, 0)
  }, [read])

  useEffect(reload, [reload, turn])

  useEffect(() => {
    if (!error) for (const parent of unread(rows)) read(parent, 0)
  }, [rows, error, read])

  const more = useCallback((parent: string) => read(parent, now.current.branches.get(parent)?.lines.length ?? 0), [read])
  return {
    tree,
    rows,
    error,
    more,
    reload,
    open: useCallback((...names: string[]) => setTree((old) => opened(old, names)), []),
    shut: useCallback((name: string) => setTree((old) => shut(old, name)), []),
  }
}
