import { describe, expect, it } from 'vitest'
import { graphOf, nodeTowards } from '../src/core/lotgraph'
import { linesOf } from '../src/core/lots'

const link = (consumed: string, produced: string, episode = 'e') => ({ consumed, produced, episode })
const LINKS = [link('H13', 'a', 'cut'), link('H13', 'b', 'cut'), link('a', 'SN', 'mill'), link('SN', 'box'), link('b', 'box'), link('a', 'SN', 'again')]
const FORWARD = { lot: 'H13', direction: 'forward', links: LINKS }

describe('the picture of a genealogy', () => {
  it('flows from left to right, whichever way was asked, each lot behind all that it was made of', () => {
    const forward = graphOf(FORWARD)
    const x = new Map(forward.nodes.map((one) => [one.lot, one.x]))
    for (const { consumed, produced } of LINKS) expect(x.get(consumed)).toBeLessThan(x.get(produced) as number)
    const back = graphOf({ lot: 'box', direction: 'back', links: LINKS })
    const left = new Map(back.nodes.map((one) => [one.lot, one.x]))
    for (const { consumed, produced } of LINKS) expect(left.get(consumed)).toBeLessThan(left.get(produced) as number)
    expect(forward.edges.find((one) => one.from === 'a')?.episodes).toEqual(['mill', 'again'])
  })

  it('draws eleven of many, and says how many others there are', () => {
    const many = graphOf({ lot: 'M', direction: 'forward', links: Array.from({ length: 30 }, (_, n) => link('M', `p${n}`)) })
    expect(many.nodes.filter((one) => one.lot)).toHaveLength(12)
    expect(many.nodes.find((one) => !one.lot)?.hidden).toBe(19)
    expect(many.nodes.every((one) => one.x >= 0 && one.y >= 0 && one.y < many.height)).toBe(true)
  })

  it('lays out 10,000 links in well under a second, and a lot alone too', () => {
    const chain = Array.from({ length: 10_000 }, (_, n) => link(`l${n}`, `l${n + 1}`))
    expect(graphOf({ lot: 'l0', direction: 'forward', links: chain }).nodes.length).toBeLessThan(200)
    expect(graphOf({ lot: 'x', direction: 'back', links: [] }).nodes).toHaveLength(1)
  })

  it('leads from lot to lot by arrow keys', () => {
    const { nodes } = graphOf(FORWARD)
    const at = (lot: string) => nodes.find((one) => one.lot === lot)!
    const right = nodeTowards(nodes, at('H13'), 'ArrowRight')
    expect(['a', 'b']).toContain(right?.lot)
    expect(nodeTowards(nodes, at('a'), 'ArrowLeft')?.lot).toBe('H13')
    expect(nodeTowards(nodes, at('H13'), 'ArrowUp')).toBeUndefined()
    expect(nodeTowards(nodes, at('H13'), 'Enter')).toBeUndefined()
  })
})

it('the list follows a lot once, wherever it stands', () => {
  expect(linesOf(FORWARD).map((one) => [one.lot, one.depth, one.again])).toEqual([
    ['H13', 0, false], ['a', 1, false], ['SN', 2, false], ['box', 3, false], ['b', 1, false], ['box', 2, false],
  ]) // prettier-ignore
})
