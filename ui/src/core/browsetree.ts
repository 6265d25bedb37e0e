/** The tree of what a device holds: loaded page by page, flattened for a virtual list. Survives folders of 50,000. */
import type { Node } from '../wire/api'

export const PAGE = 500

export interface Folder {
  /** null until the first page came. */
  total: number | null
  nodes: (Node | undefined)[]
  open: boolean
}

export type Tree = ReadonlyMap<string, Folder>

export interface Row {
  depth: number
  /** Path of the folder this row lies in, and its place there. */
  parent: string
  index: number
  /** Not yet loaded when undefined. */
  node: Node | undefined
  /** Titles of the folders above. */
  folders: readonly string[]
}

/** Rows as they show: open folders' children below them. */
export function flatten(tree: Tree, root = ''): Row[] {
  const out: Row[] = []
  const walk = (path: string, depth: number, folders: readonly string[]) => {
    const folder = tree.get(path)
    if (!folder) return
    for (let index = 0; index < folder.nodes.length; index++) {
      const node = folder.nodes[index]
      out.push({ depth, parent: path, index, node, folders })
      if (node?.has_children && node.path !== path && depth < 64 && tree.get(node.path)?.open) walk(node.path, depth + 1, [...folders, node.title])
    }
  }
  walk(root, 0, [])
  return out
}

/** Put a page into a folder; the folder grows to its total, so that the scroll bar is honest from the start. */
export function withPage(tree: Tree, path: string, offset: number, nodes: readonly Node[], total: number): Tree {
  const old = tree.get(path)
  const size = Math.max(total, offset + nodes.length)
  const all: (Node | undefined)[] = old && old.nodes.length === size ? [...old.nodes] : Array.from({ length: size }, (_, i) => old?.nodes[i])
  nodes.forEach((node, i) => {
    all[offset + i] = node
  })
  return new Map(tree).set(path, { total: size, nodes: all, open: old?.open ?? true })
}

export function toggled(tree: Tree, path: string): Tree {
  const old = tree.get(path)
  return old ? new Map(tree).set(path, { ...old, open: !old.open }) : tree
}

/** Pages (parent, offset) that the visible rows still lack. */
export function lacking(rows: readonly Row[], first: number, last: number): { path: string; offset: number }[] {
  const seen = new Map<string, { path: string; offset: number }>()
  for (let i = first; i <= last && i < rows.length; i++) {
    const row = rows[i]
    if (!row || row.node) continue
    const offset = Math.floor(row.index / PAGE) * PAGE
    seen.set(`${row.parent}\n${offset}`, { path: row.parent, offset })
  }
  return [...seen.values()]
}

/** `holding:12:float32`, 3 times → 12, 14, 16: the first number after the area grows by what the type fills. */
export function addressRun(address: string, count: number): string[] {
  const found = /^((?:\d+!)?(?:[a-z_]+:)?)(\d+)(.*)$/i.exec(address.trim())
  if (!found || count <= 1) return [address.trim()]
  const [, head = '', digits = '0', tail = ''] = found
  const step = /64/.test(tail) ? 4 : /32/.test(tail) ? 2 : 1
  return Array.from({ length: count }, (_, i) => `${head}${String(Number(digits) + i * step).padStart(digits.startsWith('0') ? digits.length : 1, '0')}${tail}`)
}
