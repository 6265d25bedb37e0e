/** Where the lots of a genealogy stand in its picture: in layers from left to right, as production flows. No React. */
import type { Trace } from './lots'

export const NODE_W = 184
export const NODE_H = 46
const GAP_X = 60
const GAP_Y = 14
const EDGE = 8 // CSS pixels around everything
const IN_LAYER = 12 // lots drawn in one layer; the rest of it is one node
const LAYERS = 12
const SWEEPS = 3

export interface GraphNode {
  /** A lot, or empty for those of the layer that are not drawn. */
  lot: string
  hidden: number
  layer: number
  row: number
  /** CSS pixels of the upper left corner. */
  x: number
  y: number
}

export interface GraphEdge {
  from: string
  to: string
  episodes: string[]
  path: string
}

export interface LotGraph {
  nodes: GraphNode[]
  edges: GraphEdge[]
  width: number
  height: number
}

type Asked = Pick<Trace, 'lot' | 'direction' | 'links'>

/** How far each lot is from the one asked about, by the longest way, so that every link leads on. */
function layersOf({ lot, direction, links }: Asked): Map<string, number> {
  const next = new Map<string, string[]>()
  for (const link of links) {
    const [here, there] = direction === 'forward' ? [link.consumed, link.produced] : [link.produced, link.consumed]
    next.set(here, [...(next.get(here) ?? []), there])
  }
  const order: string[] = []
  const seen = new Set<string>([lot])
  const stack: { name: string; at: number }[] = [{ name: lot, at: 0 }]
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const there = next.get(top.name)?.[top.at++]
    if (there === undefined) order.push((stack.pop() as { name: string }).name)
    else if (!seen.has(there)) {
      seen.add(there)
      stack.push({ name: there, at: 0 })
    }
  }
  const layers = new Map<string, number>([[lot, 0]])
  for (const here of order.reverse()) for (const there of next.get(here) ?? []) layers.set(there, Math.max(layers.get(there) ?? 0, (layers.get(here) ?? 0) + 1))
  return layers
}

/** Rows of each layer, each lot near the middle of those it is linked with in the layer before. */
function orderedRows(layers: Map<string, number>, links: Asked['links']): string[][] {
  const rows: string[][] = []
  for (const [name, layer] of [...layers].sort(([a], [b]) => (a < b ? -1 : 1))) (rows[layer] ??= []).push(name)
  const near = new Map<string, string[]>()
  for (const { consumed, produced } of links) {
    near.set(consumed, [...(near.get(consumed) ?? []), produced])
    near.set(produced, [...(near.get(produced) ?? []), consumed])
  }
  const place = new Map<string, number>()
  const settle = () => rows.forEach((row) => row.forEach((name, at) => place.set(name, row.length > 1 ? at / (row.length - 1) : 0.5)))
  settle()
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of rows) {
      const middle = new Map(row.map((name) => [name, (near.get(name) ?? []).reduce((sum, other, _, all) => sum + (place.get(other) ?? 0) / all.length, 0)]))
      row.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0) || (a < b ? -1 : 1))
    }
    settle()
  }
  return rows
}

/** Lay a genealogy out. Of a layer with more than twelve lots eleven are drawn and one node for the others. */
export function graphOf(asked: Asked): LotGraph {
  const layers = layersOf(asked)
  const rows = orderedRows(layers, asked.links).slice(0, LAYERS)
  const tallest = Math.max(...rows.map((row) => Math.min(row.length, IN_LAYER)))
  const height = tallest * (NODE_H + GAP_Y) - GAP_Y + 2 * EDGE
  const width = rows.length * (NODE_W + GAP_X) - GAP_X + 2 * EDGE
  const at = new Map<string, GraphNode>()
  const nodes: GraphNode[] = []
  rows.forEach((row, layer) => {
    const drawn = row.length > IN_LAYER ? [...row.slice(0, IN_LAYER - 1), ''] : row
    const column = asked.direction === 'forward' ? layer : rows.length - 1 - layer
    const top = (height - drawn.length * (NODE_H + GAP_Y) + GAP_Y) / 2
    drawn.forEach((lot, index) => {
      const node = { lot, hidden: lot ? 0 : row.length - IN_LAYER + 1, layer, row: index, x: EDGE + column * (NODE_W + GAP_X), y: top + index * (NODE_H + GAP_Y) }
      nodes.push(node)
      for (const name of lot ? [lot] : row.slice(IN_LAYER - 1)) at.set(name, node)
    })
  })
  return { nodes, edges: edgesOf(asked.links, at), width, height }
}

function edgesOf(links: Asked['links'], at: Map<string, GraphNode>): GraphEdge[] {
  const edges = new Map<string, GraphEdge>()
  for (const link of links) {
    const [from, to] = [at.get(link.consumed), at.get(link.produced)]
    if (!from || !to || from === to) continue
    const key = `${from.x}/${from.y}/${to.x}/${to.y}`
    const held = edges.get(key)
    if (held) {
      if (!held.episodes.includes(link.episode)) held.episodes.push(link.episode)
      continue
    }
    const [x0, y0, x1, y1] = [from.x + NODE_W, from.y + NODE_H / 2, to.x, to.y + NODE_H / 2]
    const bend = Math.max((x1 - x0) / 2, 20)
    edges.set(key, { from: link.consumed, to: link.produced, episodes: [link.episode], path: `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}` })
  }
  return [...edges.values()]
}

/** The node that an arrow key leads to: up and down within a layer, left and right to the nearest of the next. */
export function nodeTowards(nodes: readonly GraphNode[], from: GraphNode, key: string): GraphNode | undefined {
  const sideways = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0
  const step = key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : 0
  if (step) return nodes.find((one) => one.lot && one.x === from.x && one.row === from.row + step)
  if (!sideways) return undefined
  const beyond = nodes.filter((one) => one.lot && one.x === from.x + sideways * (NODE_W + GAP_X))
  return beyond.sort((a, b) => Math.abs(a.y - from.y) - Math.abs(b.y - from.y))[0]
}
