/** What a link shows sounds like live values, and goes quiet when it has ended. */
import { expect, test } from 'vitest'
import { ApiError } from '../src/core/http'
import { LiveFeed } from '../src/core/live'
import { asked, type Shown } from '../src/core/shown'

const shown = (value: number): Shown => ({ values: { 'pump1.flow': { value, time_us: 1, quality: 0 }, 'pump1.state': { value: 'running', time_us: 2, quality: 0x40000000 } }, ends_us: 9, answer: null, pictures: {} })
const soon = (ms: number) => new Promise((done) => setTimeout(done, ms))

test('values are asked for again until the link ends', async () => {
  const answers: (Shown | Error)[] = [shown(1), new ApiError({ code: 'client.offline', title: '' }, 0), shown(2), new ApiError({ code: 'link.ended', title: 'over' }, 410), shown(3)]
  const ended: unknown[] = []
  const ask = async (): Promise<Shown> => {
    const next = answers.shift()
    if (!next || next instanceof Error) throw next
    return next
  }
  const feed = new LiveFeed(() => {
    throw new Error('nobody has an account here')
  })
  feed.through(() => asked(ask, (error) => ended.push(error), 5))
  const heard: (number | null)[] = []
  feed.subscribe(['pump1.flow'], (_, sample) => heard.push(sample.value))
  while (!ended.length) await soon(5)
  await soon(30)
  expect(heard).toEqual([1, 2])
  expect(answers.length).toBe(1)
  expect(feed.latest('pump1.state')).toEqual({ time_us: 2, value: null, text: 'running', quality: 0x40000000 })
})
