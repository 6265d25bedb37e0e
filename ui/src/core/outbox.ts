/**
 * What was entered without a network waits in this browser and goes out once, in order, when there is one again.
 * Each thing has a name of its own (an id the server knows it by), so that sending it twice does nothing.
 */
import type { Problem } from '../wire/api'
import { ask, asProblem, onReachable } from './http'
import { about, visited } from './visit'

const DATABASE = 'baigong.outbox'
const STORE = 'waiting'
const AGAIN_MS = 10_000

/** `about`: which task or form, `what`: for the person who waits. `problem`: the server said no; it will not change. */
export interface Waiting {
  key?: number
  user: string
  path: string
  json?: unknown
  blob?: Blob
  about: string
  what: string
  atMs: number
  problem?: Problem
}

/** Where things wait; a test hands in one of its own. */
export interface Shelf {
  all(): Promise<Waiting[]>
  add(one: Waiting): Promise<void>
  change(one: Waiting): Promise<void>
  drop(key: number): Promise<void>
}

const done = <T>(asked: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error ?? new Error('IndexedDB'))
  })

export function browserShelf(): Shelf {
  let open: Promise<IDBDatabase> | null = null
  const database = () => {
    open ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(DATABASE, 1)
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: 'key', autoIncrement: true })
      asked.onsuccess = () => resolve(asked.result)
      asked.onerror = () => reject(asked.error ?? new Error('IndexedDB'))
    })
    return open
  }
  const store = async (mode: IDBTransactionMode) => (await database()).transaction(STORE, mode).objectStore(STORE)
  return {
    all: async () => done(await store('readonly').then((s) => s.getAll() as IDBRequest<Waiting[]>)),
    add: async (one) => void (await done((await store('readwrite')).add(one))),
    change: async (one) => void (await done((await store('readwrite')).put(one))),
    drop: async (key) => void (await done((await store('readwrite')).delete(key))),
  }
}

type Listener = (waiting: readonly Waiting[]) => void

export class Outbox {
  private readonly listeners = new Set<Listener>()
  private waiting: readonly Waiting[] = []
  private sending: Promise<void> | null = null
  private readonly shelf: Shelf
  private readonly send: (one: Waiting) => Promise<unknown>
  user = ''

  constructor(shelf: Shelf, send: (one: Waiting) => Promise<unknown>) {
    this.shelf = shelf
    this.send = send
  }

  /** What this person's entries are, oldest first; those of others on the same phone wait for them. */
  held = (): readonly Waiting[] => this.waiting

  listen(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Begin for somebody: show what they left, and send it. */
  async begin(user: string): Promise<void> {
    this.user = user
    await this.look()
    void this.flush()
  }

  private async look(): Promise<void> {
    this.waiting = (await this.shelf.all()).filter((one) => one.user === this.user)
    for (const listener of this.listeners) listener(this.waiting)
  }

  /** Keep, then send. Resolves when it is kept and has been tried: sent, or still waiting; raises what the server refuses. */
  async put(one: Omit<Waiting, 'user' | 'atMs' | 'key'>): Promise<'sent' | 'waiting'> {
    await this.shelf.add({ ...one, path: about(one.path, visited()), user: this.user, atMs: Date.now() })
    await this.look()
    const mine = this.waiting[this.waiting.length - 1]?.key
    await this.flush()
    return this.waiting.some((held) => held.key === mine) ? 'waiting' : 'sent'
  }

  /** Send what waits, one after the other; stop where nobody answers. */
  flush(): Promise<void> {
    this.sending ??= this.flushed().finally(() => {
      this.sending = null
    })
    return this.sending
  }

  private async flushed(): Promise<void> {
    for (;;) {
      const next = this.waiting.find((one) => !one.problem)
      if (next?.key === undefined) return
      try {
        await this.send(next)
        await this.shelf.drop(next.key)
      } catch (error) {
        const problem = asProblem(error)
        if (isPassing(problem)) return
        await this.shelf.change({ ...next, problem })
      }
      await this.look()
    }
  }

  async drop(key: number): Promise<void> {
    await this.shelf.drop(key)
    await this.look()
  }
}

/** Whether the same thing may be taken later: nobody answered, nobody is signed in, too much at once. */
export const isPassing = (problem: Problem): boolean => problem.code === 'client.offline' || problem.code === 'auth.required' || (problem.status ?? 0) >= 500 || problem.status === 429

const post = (one: Waiting) => ask(one.path, one.blob ? { method: 'POST', body: one.blob, type: one.blob.type } : { method: 'POST', json: one.json })

let made: Outbox | null = null

/** The one of this browser; it tries again by itself. */
export function outbox(): Outbox {
  if (!made) {
    const box = new Outbox(browserShelf(), post)
    onReachable((online) => online && void box.flush())
    setInterval(() => box.held().some((one) => !one.problem) && void box.flush(), AGAIN_MS)
    made = box
  }
  return made
}
