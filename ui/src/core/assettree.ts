/** The tree of the assets: loaded branch by branch, flattened for a virtual list. Pure. */
import type { AssetLine } from './assets'

export interface Branch {
  total: number
  lines: readonly AssetLine[]
}

export interface AssetTree {
  /** By the name of what they are parts of; '' is the company. */
  branches: ReadonlyMap<string, Branch>
  open: ReadonlySet<string>
}

export const emptyTree: AssetTree = { branches: new Map(), open: new Set() }

export type TreeRow =
  | { kind: 'asset'; line: AssetLine; depth: number; open: boolean }
  | { kind: 'more'; parent: string; depth: number; rest: number }
  | { kind: 'waiting'; parent: string; depth: number }

const DEEPEST = 64

export function flattened({ branches, open }: AssetTree): TreeRow[] {
  const out: TreeRow[] = []
  const walk = (parent: string, depth: number, above: readonly string[]) => {
    const branch = branches.get(parent)
    if (!branch) {
      out.push({ kind: 'waiting', parent, depth })
      return
    }
    for (const line of branch.lines) {
      const isOpen = line.children > 0 && open.has(line.asset)
      out.push({ kind: 'asset', line, depth, open: isOpen })
      // A tree that moved while it was read may show one asset twice; it is opened once.
      if (isOpen && depth < DEEPEST && !above.includes(line.asset)) walk(line.asset, depth + 1, [...above, line.asset])
    }
    const rest = branch.total - branch.lines.length
    if (rest > 0) out.push({ kind: 'more', parent, depth, rest })
  }
  walk('', 0, [])
  return out
}

/** Put what was read of one branch behind what is there of it; from 0 on it replaces that. */
export function withLines(tree: AssetTree, parent: string, offset: number, lines: readonly AssetLine[], total: number): AssetTree {
  const old = offset ? (tree.branches.get(parent)?.lines ?? []).slice(0, offset) : []
  const seen = new Set(old.map((line) => line.asset))
  const all = [...old, ...lines.filter((line) => !seen.has(line.asset))]
  return { ...tree, branches: new Map(tree.branches).set(parent, { total, lines: all }) }
}

export function opened(tree: AssetTree, names: readonly string[]): AssetTree {
  return names.every((name) => tree.open.has(name)) ? tree : { ...tree, open: new Set([...tree.open, ...names]) }
}

export function shut(tree: AssetTree, name: string): AssetTree {
  const open = new Set(tree.open)
  return open.delete(name) ? { ...tree, open } : tree
}

/** Branches that are open and have not been read, of a tree's rows. */
export function unread(rows: readonly TreeRow[]): string[] {
  return rows.flatMap((row) => (row.kind === 'waiting' ? [row.parent] : []))
}

/** Where a key leads: the row it goes to, and what it opens or shuts. */
export function keyed(rows: readonly TreeRow[], at: number, key: string): { at: number; open?: string; shut?: string } | null {
  const row = rows[at]
  const last = rows.length - 1
  if (key === 'ArrowDown') return { at: Math.min(at + 1, last) }
  if (key === 'ArrowUp') return { at: Math.max(at - 1, 0) }
  if (key === 'Home') return { at: 0 }
  if (key === 'End') return { at: last }
  if (key === 'ArrowRight' && row?.kind === 'asset' && row.line.children > 0) return row.open ? { at: Math.min(at + 1, last) } : { at, open: row.line.asset }
  if (key === 'ArrowLeft' && row) {
    if (row.kind === 'asset' && row.open) return { at, shut: row.line.asset }
    for (let i = at - 1; i >= 0; i--) if ((rows[i]?.depth ?? 0) < row.depth) return { at: i }
    return { at }
  }
  return null
}
