/** Proposes point names `asset.quantity` from what a device calls its things. */
import type { Node, PointKind, PointSpec } from '../wire/api'

const FORBIDDEN = /[^\p{L}\p{N}_-]+/gu

/** One part of a name: no blanks, dots, slashes or signs that need quoting. Letters of any script stay: names in the user's language are data. */
export function part(text: string): string {
  return text.trim().replace(FORBIDDEN, '_').replace(/^_+|_+$/g, '')
}

export function validName(name: string): boolean {
  return name.length >= 3 && name.length <= 200 && /^[^\s.\x00-\x1f/\\]+(\.[^\s.\x00-\x1f/\\]+)+$/.test(name)
}

export const validDevice = (text: string): boolean => /^[a-z0-9][a-z0-9_-]{0,62}$/.test(text)

/** Lower-case identifier for a device, from its title or address. */
export function deviceIdFrom(text: string, taken: ReadonlySet<string>): string {
  const clean = text.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'device'
  let id = clean
  for (let n = 2; taken.has(id); n++) id = `${clean}-${n}`
  return id
}

export interface Draft extends PointSpec {
  key: string
}

/** A leaf of the browse tree (its folders' titles first), or a free address without a node. */
export function draftFor(address: string, node: Node | null, folders: readonly string[], device: string, depth = 1): Draft {
  const title = node?.title ?? ''
  const dotted = title.includes('.') ? title.split('.').map(part).filter(Boolean) : []
  let name: string
  if (dotted.length >= 2) name = dotted.join('.')
  else {
    const folder = folders.slice(-depth).map(part).filter(Boolean).join('.')
    name = `${folder || part(device) || 'asset'}.${part(title || address) || 'value'}`
  }
  const draft: Draft = { key: address, name, address, kind: (node?.kind ?? 'gauge') as PointKind, unit: node?.unit ?? '', title: '' }
  return draft
}

export interface Taken {
  address: string
  node: Node | null
  folders: readonly string[]
}

/** Drafts of many: where `Machine07.Temp` is there in two lines, it becomes `Line1.Machine07.Temp` and `Line2.Machine07.Temp`. */
export function draftsFor(taken: readonly Taken[], device: string): Draft[] {
  let drafts = taken.map((one) => draftFor(one.address, one.node, one.folders, device))
  for (let depth = 2; depth <= Math.max(...taken.map((one) => one.folders.length), 0); depth++) {
    const times = new Map<string, number>()
    for (const { name } of drafts) times.set(name, (times.get(name) ?? 0) + 1)
    const twice = (name: string) => (times.get(name) ?? 0) > 1
    if (!drafts.some((draft) => twice(draft.name))) break
    drafts = drafts.map((draft, i) => {
      const one = taken[i]
      return one && twice(draft.name) ? draftFor(one.address, one.node, one.folders, device, depth) : draft
    })
  }
  return drafts
}

/** Give every draft a name of its own: the second `pump1.flow` becomes `pump1.flow_2`. */
export function unique(drafts: readonly Draft[], taken: ReadonlySet<string> = new Set()): Draft[] {
  const seen = new Set(taken)
  return drafts.map((draft) => {
    let name = draft.name
    for (let n = 2; seen.has(name); n++) name = `${draft.name}_${n}`
    seen.add(name)
    return name === draft.name ? draft : { ...draft, name }
  })
}

/** Move the chosen drafts to another asset: the quantity stays. */
export function renameAsset(drafts: readonly Draft[], keys: ReadonlySet<string>, asset: string): Draft[] {
  const clean = asset.split('.').map(part).filter(Boolean).join('.')
  if (!clean) return [...drafts]
  return drafts.map((draft) => (keys.has(draft.key) ? { ...draft, name: `${clean}.${draft.name.slice(draft.name.lastIndexOf('.') + 1)}` } : draft))
}

/** Names that stop saving: wrong form, or used twice. */
export function faults(drafts: readonly Draft[], taken: ReadonlySet<string> = new Set()): Map<string, 'form' | 'twice' | 'taken'> {
  const times = new Map<string, number>()
  for (const draft of drafts) times.set(draft.name, (times.get(draft.name) ?? 0) + 1)
  const out = new Map<string, 'form' | 'twice' | 'taken'>()
  for (const draft of drafts) {
    if (!validName(draft.name)) out.set(draft.key, 'form')
    else if ((times.get(draft.name) ?? 0) > 1) out.set(draft.key, 'twice')
    else if (taken.has(draft.name)) out.set(draft.key, 'taken')
  }
  return out
}

/** What is saved: defaults left out, so that the file stays short. */
export function specOf(draft: Draft): PointSpec {
  const spec: PointSpec = { name: draft.name.trim(), address: draft.address }
  if (draft.kind && draft.kind !== 'gauge') spec.kind = draft.kind
  if (draft.unit) spec.unit = draft.unit
  if (draft.title) spec.title = draft.title
  if (draft.scale !== undefined && draft.scale !== 1) spec.scale = draft.scale
  if (draft.offset !== undefined && draft.offset !== 0) spec.offset = draft.offset
  if (draft.kind === 'state') spec.sloped = false
  return spec
}
