/** What a link shows to those without an account: one screen, and the newest values of its points. */
import type { components } from '../wire/openapi'
import { ARROW } from './early'
import { ApiError, ask, askJson } from './http'
import type { Socket } from './live'
import type { ScreenWhole } from './screencalls'

type Schemas = components['schemas']
export type LinkLine = Schemas['LinkLine']
export type LinkMade = Schemas['LinkMade']
export type Shown = Omit<Schemas['Opened'], 'answer'> & { answer: ScreenWhole | null }

export const EACH_MS = 2000

/** The past that a trend of it shows, as an Arrow stream; the server knows which points and how long. */
export async function pastOf(token: string, item: string, width: number, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await ask('/shown/past', { method: 'POST', json: { token, item, width: Math.max(1, width) }, accept: ARROW, signal, quiet401: true })
  return new Uint8Array(await response.arrayBuffer())
}

export const opened = (token: string, whole: boolean): Promise<Shown> => askJson<Shown>('/shown', { method: 'POST', json: { token, whole }, quiet401: true })

const at = (screen: string): string => `/screens/${encodeURIComponent(screen)}/links`

export const links = {
  list: (screen: string, signal?: AbortSignal) => askJson<LinkLine[]>(at(screen), { signal }),
  make: (screen: string, title: string, ends_us: number, chosen: Record<string, string>) => askJson<LinkMade>(at(screen), { method: 'POST', json: { title, ends_us, chosen } }),
  end: (screen: string, link: string) => askJson<void>(`${at(screen)}/${encodeURIComponent(link)}`, { method: 'DELETE' }),
}

/** Whether it is worth asking again: nobody answered, or not for now. */
export const isPassing = (error: unknown): boolean => error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500)

/** Asks again and again, and sounds like the WebSocket of live values; `over` when the link opens nothing any more. */
export function asked(ask: () => Promise<Shown>, over: (error: unknown) => void, eachMs = EACH_MS): Socket {
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  const socket: Socket = {
    onopen: null,
    onmessage: null,
    onclose: null,
    send: () => undefined, // what is shown is the screen's own choice
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
  const turn = async (): Promise<void> => {
    try {
      const { values } = await ask()
      if (!closed) socket.onmessage?.({ data: messageOf(values) })
    } catch (error) {
      if (!isPassing(error)) return over(error)
    }
    if (!closed) timer = setTimeout(() => void turn(), eachMs)
  }
  timer = setTimeout(() => {
    socket.onopen?.(undefined)
    void turn()
  }, 0)
  return socket
}

export function messageOf(values: Shown['values']): string {
  const told = Object.entries(values)
  return JSON.stringify({
    points: told.map(([name]) => name),
    values: told.map(([, one], index) => [index, one.time_us, typeof one.value === 'number' ? one.value : null, typeof one.value === 'string' ? one.value : null, one.quality]),
  })
}
