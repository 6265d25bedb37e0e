import { describe, expect, it, vi } from 'vitest'
import { fitted, widthOf } from '../src/components/screen/fitted'
import { forget, inFrame } from '../src/core/frames'
import { judged, means, pointsOf, resolved, type ScreenText } from '../src/core/screens'
import { targetOf } from '../src/core/screentarget'
import { nextOnWall } from '../src/core/wall'

const SCREEN: ScreenText = {
  screen: 'a',
  items: [
    { id: 'p', is: 'pump', at: [0, 0, 1, 1], shows: { running: '~running' }, when: { running: [1, 4] } },
    { id: 't', is: 'trend', at: [0, 0, 1, 1], lines: ['${line}.speed', '~running'], span: '8h' },
  ],
}

describe('a screen', () => {
  it('names points by what was chosen', () => {
    expect(resolved('~flow', { asset: 'hall.pump1' })).toBe('hall.pump1.flow')
    expect(pointsOf(SCREEN, { asset: 'p1', line: 'l2' })).toEqual(['l2.speed', 'p1.running'])
  })
  it('says which values mean yes, and which are not right', () => {
    const [pump] = SCREEN.items ?? []
    expect([0, 1, 2, 4, null].map((value) => means(pump as never, 'running', value))).toEqual([false, true, false, true, false])
    const limits = { low: 2, high: 8, high_high: 9 }
    expect([1, 5, 8.5, 9.5, Number.NaN].map((value) => judged(limits, value))).toEqual(['look', 'normal', 'look', 'wrong', 'normal'])
  })
  it('leads to what it shows, or where it says', () => {
    const [pump, trend] = SCREEN.items ?? []
    expect(targetOf(pump as never, { asset: 'p1' })).toBe('/points/p1.running')
    expect(targetOf(trend as never, { asset: 'p1', line: 'l2' })).toContain('/trends?p=l2.speed,p1.running&from=-8h')
    expect(targetOf({ id: 'x', is: 'link', opens: 'screen:${line}' }, { line: 'hall' })).toBe('/screens/hall')
  })
  it('goes round on a wall', () => {
    expect(nextOnWall('c', '?wall=1')).toBeNull()
    const first = nextOnWall('c', '?wall=1&next=a,b&every=20')
    expect(first).toEqual({ href: '/screens/a?wall=1&next=b%2Cc&every=20', afterMs: 20_000 })
    expect(nextOnWall('a', first?.href.split('?')[1] ?? '')?.href).toContain('/screens/b?wall=1&next=c%2Ca')
  })
  it('fits letters in their box, Chinese ones twice as wide', () => {
    expect(widthOf('流量')).toBe(2)
    expect(fitted('流量', 20, 100)).toBe(10)
    expect(fitted('1', 1000, 10)).toBeCloseTo(7.8)
  })
  it('draws once a frame, whatever came', () => {
    const frames: FrameRequestCallback[] = []
    vi.stubGlobal('requestAnimationFrame', (run: FrameRequestCallback) => frames.push(run))
    const tell = vi.fn()
    const other = vi.fn()
    for (let at = 0; at < 5; at += 1) inFrame(tell)
    inFrame(other)
    forget(other)
    expect([frames.length, tell.mock.calls.length]).toEqual([1, 0])
    frames[0]?.(0)
    expect([tell.mock.calls.length, other.mock.calls.length]).toEqual([1, 0])
    vi.unstubAllGlobals()
  })
})
