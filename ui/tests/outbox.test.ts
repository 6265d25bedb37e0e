import { describe, expect, it } from 'vitest'
import { ApiError } from '../src/core/http'
import { Outbox, type Shelf, type Waiting } from '../src/core/outbox'
import { type TaskPage, withWaiting } from '../src/core/tasks'

/** Keeps like IndexedDB: in order, by numbers it gives. */
function shelf(): Shelf {
  let held: Waiting[] = []
  let key = 0
  return {
    all: () => Promise.resolve([...held]),
    add: (one) => Promise.resolve(void held.push({ ...one, key: (key += 1) })),
    change: (one) => Promise.resolve(void (held = held.map((was) => (was.key === one.key ? one : was)))),
    drop: (gone) => Promise.resolve(void (held = held.filter((one) => one.key !== gone))),
  }
}

const problem = (code: string, status: number) => new ApiError({ code, title: code, status }, status)

describe('what waits for a network', () => {
  it('goes out once, in order, when there is one again, also after the page was closed', async () => {
    let online = false
    const sent: string[] = []
    const send = (one: Waiting) => {
      if (!online) return Promise.reject(problem('client.offline', 0))
      sent.push(one.what)
      return Promise.resolve()
    }
    const kept = shelf()
    const box = new Outbox(kept, send)
    await box.begin('wang')
    expect(await box.put({ path: '/tasks', json: {}, about: 't', what: 'first' })).toBe('waiting')
    expect(await box.put({ path: '/tasks', json: {}, about: 't', what: 'second' })).toBe('waiting')
    const other = new Outbox(kept, send)
    online = true
    await other.begin('li')
    await other.flush()
    expect([sent, other.held()]).toEqual([[], []]) // what wang entered goes out in wang's name
    const again = new Outbox(kept, send)
    await again.begin('wang')
    await Promise.all([again.flush(), again.flush()])
    expect([sent, again.held().length]).toEqual([['first', 'second'], 0])
    expect(await again.put({ path: '/tasks', json: {}, about: 't', what: 'third' })).toBe('sent')
  })

  it('says what the server refuses, and goes on with the rest', async () => {
    const sent: string[] = []
    const box = new Outbox(shelf(), (one) => {
      if (one.what === 'bad') return Promise.reject(problem('task.state', 409))
      sent.push(one.what)
      return Promise.resolve()
    })
    await box.begin('wang')
    await box.put({ path: '/tasks', about: 't', what: 'bad' })
    await box.put({ path: '/tasks', about: 't', what: 'good' })
    expect(sent).toEqual(['good'])
    const [left] = box.held()
    expect(left?.problem?.code).toBe('task.state')
    await box.drop(left?.key ?? 0)
    expect(box.held()).toEqual([])
  })
})

describe('a task on a phone without a network', () => {
  const check = { item: 'oil', title: '', title_zh: '', kind: 'number', unit: 'bar', low: 2, high: 4, choices: [], point: '', required: true }
  const page = { state: 'open', next: ['in_progress'], missing: ['oil'], spec: { checklist: [check] }, progress: { results: {}, outcome: '', cause: '' } } as unknown as TaskPage
  it('shows what was entered on it', () => {
    const waiting: Waiting[] = [{ user: 'wang', path: '', about: 't', what: '', atMs: 5, json: { to: 'in_progress', results: [{ item: 'oil', value: 4.5 }] } }]
    const shown = withWaiting(page, waiting)
    expect([shown.state, shown.next, shown.missing, shown.progress.results.oil?.fine]).toEqual(['in_progress', ['done'], [], false])
    expect(page.state).toBe('open')
  })
})
