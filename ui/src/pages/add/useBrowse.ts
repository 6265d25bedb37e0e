/** Keeps the browse tree: opens folders, fetches the pages that come into view, searches on the server. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { flatten, lacking, PAGE, type Row, toggled, type Tree, withPage } from '../../core/browsetree'
import { devices, type Target } from '../../core/calls'
import { asProblem } from '../../core/http'
import type { Node, Problem } from '../../wire/api'

export interface Browse {
  rows: Row[]
  total: number | null
  loading: boolean
  problem: Problem | null
  flip: (node: Node) => void
  isOpen: (node: Node) => boolean
  see: (first: number, last: number) => void
  /** Every node of a folder, all pages. */
  all: (path: string, progress: (done: number, total: number) => void) => Promise<Node[]>
  /** Everything the search found, all pages. */
  found: (progress: (done: number, total: number) => void) => Promise<Node[]>
  reload: () => void
}

const GREEDY = 5000

export function useBrowse(target: Target, search: string): Browse {
  const [tree, setTree] = useState<Tree>(new Map())
  const [busy, setBusy] = useState(0)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [turn, setTurn] = useState(0)
  const asked = useRef(new Set<string>())
  const stop = useRef(new AbortController())
  const key = JSON.stringify(target)

  const fetchPage = useCallback(
    async (path: string, offset: number) => {
      const id = `${path}\n${offset}`
      if (asked.current.has(id)) return
      asked.current.add(id)
      const { signal } = stop.current
      setBusy((n) => n + 1)
      try {
        const found = await devices.browse(JSON.parse(key) as Target, path, { search, limit: PAGE, offset }, signal)
        if (!signal.aborted) {
          setTree((old) => withPage(old, path, offset, found.nodes, found.total))
          setProblem(null)
        }
      } catch (error) {
        asked.current.delete(id)
        if (!signal.aborted) setProblem(asProblem(error))
      } finally {
        setBusy((n) => n - 1)
      }
    },
    [key, search],
  )

  useEffect(() => {
    stop.current = new AbortController()
    asked.current = new Set()
    setTree(new Map())
    setProblem(null)
    void fetchPage('', 0)
    return () => stop.current.abort()
  }, [fetchPage, turn])

  const rows = useMemo(() => flatten(tree), [tree])
  const shown = useRef(rows)
  shown.current = rows
  const see = useCallback(
    (first: number, last: number) => {
      for (const page of lacking(shown.current, first, last)) void fetchPage(page.path, page.offset)
    },
    [fetchPage],
  )
  const flip = useCallback(
    (node: Node) => {
      if (tree.has(node.path)) setTree((old) => toggled(old, node.path))
      else void fetchPage(node.path, 0)
    },
    [tree, fetchPage],
  )
  const collect = useCallback(
    async (path: string, words: string, progress: (done: number, total: number) => void) => {
      const out: Node[] = []
      for (;;) {
        const found = await devices.browse(JSON.parse(key) as Target, path, { ...(words ? { search: words } : {}), limit: GREEDY, offset: out.length }, stop.current.signal)
        out.push(...found.nodes)
        progress(out.length, found.total)
        if (out.length >= found.total || found.nodes.length === 0) return out
      }
    },
    [key],
  )
  const all = useCallback((path: string, progress: (done: number, total: number) => void) => collect(path, '', progress), [collect])
  const found = useCallback((progress: (done: number, total: number) => void) => collect('', search, progress), [collect, search])
  return { rows, total: tree.get('')?.total ?? null, loading: busy > 0, problem, flip, isOpen: (node) => tree.get(node.path)?.open ?? false, see, all, found, reload: () => setTurn((n) => n + 1) }
}
