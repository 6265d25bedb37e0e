import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backoffMs, LiveFeed } from '../src/core/live'

class Wire {
  sent: string[][] = []
  onopen: ((event: unknown) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: unknown) => void) | null = null
  send(text: string) {
    this.sent.push((JSON.parse(text) as { points: string[] }).points)
  }
  close() {
    this.onclose?.({})
  }
  say(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

describe('the live feed', () => {
  let wires: Wire[]
  let feed: LiveFeed
  const last = () => wires[wires.length - 1]!
  beforeEach(() => {
    vi.useFakeTimers()
    wires = []
    feed = new LiveFeed(() => {
      const wire = new Wire()
      wires.push(wire)
      return wire
    })
  })
  afterEach(() => vi.useRealTimers())

  it('adds up wishes, sends them once, and counts by the names the server repeats', () => {
    const heard: [string, number | null][] = []
    const hear = (name: string, sample: { value: number | null }) => heard.push([name, sample.value])
    feed.subscribe(['b.x'], hear)
    const off = feed.subscribe(['a.x', 'b.x'], () => undefined)
    vi.advanceTimersByTime(50)
    last().onopen?.({})
    expect(last().sent).toEqual([['a.x', 'b.x']])
    last().say({ points: ['a.x', 'b.x'], values: [[1, 5, 2.5, null, 0]] })
    off()
    vi.advanceTimersByTime(50)
    expect(last().sent[1]).toEqual(['b.x'])
    // Still under way from the old list: index 1 is b.x until the server says otherwise.
    last().say({ values: [[1, 6, 3.5, null, 0]] })
    last().say({ points: ['b.x'], values: [[0, 7, 4.5, null, 0]] })
    expect(heard).toEqual([['b.x', 2.5], ['b.x', 3.5], ['b.x', 4.5]])
    expect(feed.latest('b.x')?.time_us).toBe(7)
  })

  it('keeps every digit of a big integer', () => {
    feed.subscribe(['a.n'], () => undefined)
    vi.advanceTimersByTime(50)
    last().onopen?.({})
    last().say({ points: ['a.n'], values: [[0, 5, '9223372036854775807', null, 0]] })
    expect(feed.latest('a.n')).toEqual({ time_us: 5, value: 2 ** 63, text: '9223372036854775807', quality: 0 })
  })

  it('asks again without a point that does not exist', () => {
    feed.subscribe(['a.x', 'gone.x'], () => undefined)
    vi.advanceTimersByTime(50)
    last().onopen?.({})
    last().say({ error: { code: 'point.unknown', title: '', place: 'gone.x' } })
    expect(last().sent).toEqual([['a.x', 'gone.x'], ['a.x']])
  })

  it('comes back by itself and asks for the same', () => {
    feed.subscribe(['a.x'], () => undefined)
    vi.advanceTimersByTime(50)
    last().onopen?.({})
    last().close()
    vi.advanceTimersByTime(1000)
    expect(wires.length).toBe(2)
    last().onopen?.({})
    expect(last().sent).toEqual([['a.x']])
  })

  it('waits longer each time, never more than fifteen seconds', () => {
    expect(backoffMs(0, 1)).toBe(500)
    expect(backoffMs(3, 0)).toBe(2000)
    expect(backoffMs(50, 1)).toBe(15_000)
  })
})
