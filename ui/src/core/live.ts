/** Live values: one WebSocket for the whole console, subscriptions added up, reconnecting by itself. */
import type { LiveValue, Problem } from '../wire/api'
import { markReachable } from './http'
import { about, visited } from './visit'

export interface Sample {
  time_us: number
  value: number | null
  text: string | null
  quality: number
}

type Hear = (name: string, sample: Sample) => void

export interface Socket {
  send(text: string): void
  close(): void
  onopen: ((event: unknown) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: unknown) => void) | null
}

/** Wait before attempt n (from 0), ms: doubles to 15 s, with jitter so that a hall of walls does not knock at once. */
export function backoffMs(attempt: number, random: number): number {
  const whole = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10))
  return Math.round(whole * (0.5 + random / 2))
}

export class LiveFeed {
  private readonly wanted = new Map<string, Set<Hear>>()
  private readonly last = new Map<string, Sample>()
  /** What was asked for last, and what the indices of the messages mean by now. */
  private asked: string[] = []
  private names: string[] = []
  private readonly unknown = new Set<string>()
  private socket: Socket | null = null
  private attempt = 0
  private timer: ReturnType<typeof setTimeout> | null = null
  private pending: ReturnType<typeof setTimeout> | null = null
  private open = false

  private connectTo: () => Socket

  constructor(connectTo: () => Socket) {
    this.connectTo = connectTo
  }

  /** Hear every new value of these points until the returned function is called. */
  subscribe(names: readonly string[], hear: Hear): () => void {
    for (const name of names) {
      const set = this.wanted.get(name) ?? new Set<Hear>()
      set.add(hear)
      this.wanted.set(name, set)
      const known = this.last.get(name)
      if (known) hear(name, known)
    }
    this.changed()
    return () => {
      for (const name of names) {
        const set = this.wanted.get(name)
        set?.delete(hear)
        if (set?.size === 0) this.wanted.delete(name)
      }
      this.changed()
    }
  }

  /** Hear from somewhere else from now on: whoever has only a link has no WebSocket. */
  through(connectTo: () => Socket): void {
    this.stop()
    this.connectTo = connectTo
  }

  /** The last value heard, if any. */
  latest(name: string): Sample | undefined {
    return this.last.get(name)
  }

  /** Signed out: forget everything. */
  stop(): void {
    this.wanted.clear()
    this.last.clear()
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    this.socket?.close()
  }

  // Pages mount many small parts at once: their wishes are sent together.
  private changed(): void {
    if (this.pending) return
    this.pending = setTimeout(() => {
      this.pending = null
      this.sync()
    }, 30)
  }

  private sync(): void {
    if (this.wanted.size === 0 && !this.socket) return
    if (!this.socket) {
      if (!this.timer) this.connect()
      return
    }
    if (!this.open) return
    const names = [...this.wanted.keys()].filter((name) => !this.unknown.has(name)).sort()
    if (names.length === this.asked.length && names.every((name, at) => name === this.asked[at])) return
    this.asked = names
    this.socket.send(JSON.stringify({ points: names }))
  }

  private connect(): void {
    const socket = this.connectTo()
    this.socket = socket
    socket.onopen = () => {
      this.open = true
      this.attempt = 0
      this.asked = []
      this.names = []
      this.unknown.clear()
      markReachable(true)
      this.sync()
    }
    socket.onmessage = (event) => this.take(String(event.data))
    socket.onclose = () => {
      const dropped = this.open
      this.open = false
      this.socket = null
      if (this.wanted.size === 0) return
      if (dropped || this.attempt > 1) markReachable(false)
      this.timer = setTimeout(() => {
        this.timer = null
        this.connect()
      }, backoffMs(this.attempt, Math.random()))
      this.attempt += 1
    }
  }

  /** One unknown point (removed, or mistyped in a link) refuses the whole list: ask again without it. */
  private refused(problem: Problem): void {
    if (problem.code !== 'point.unknown' || !problem.place) return
    this.unknown.add(problem.place)
    this.sync()
  }

  private take(text: string): void {
    const message = JSON.parse(text) as { values?: LiveValue[]; points?: string[]; error?: Problem }
    if (message.error) return this.refused(message.error)
    // A change of subscription crosses messages under way: the names say from where on the new list counts.
    if (message.points) this.names = message.points
    for (const [index, time_us, value, words, quality] of message.values ?? []) {
      const name = this.names[index]
      if (name === undefined) continue
      // An integer that a number would round comes as text: shown with all its digits, drawn as the nearest number.
      const sample: Sample = typeof value === 'string' ? { time_us, value: Number(value), text: value, quality } : { time_us, value, text: words, quality }
      this.last.set(name, sample)
      for (const hear of this.wanted.get(name) ?? []) hear(name, sample)
    }
  }
}

export const live = new LiveFeed(() => {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return new WebSocket(`${scheme}://${location.host}${about('/api/v1/live', visited())}`) as unknown as Socket
})
