/** The one door to the server: same origin, cookie session, problem+json errors. */
import type { Problem } from '../wire/api'
import { begun, forget } from './early'
import { about, visited } from './visit'

const ROOT = '/api/v1'

/** What went wrong, always with a code; `client.*` codes are ours (see words, table `clientErrors`). */
export class ApiError extends Error {
  readonly problem: Problem
  readonly status: number

  constructor(problem: Problem, status: number) {
    super(problem.title)
    this.name = 'ApiError'
    this.problem = problem
    this.status = status
  }
}

export function asProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem
  if (error instanceof Error) return { code: 'client.unexpected', title: error.message }
  return { code: 'client.unexpected', title: String(error) }
}

type Listener = (online: boolean) => void
const listeners = new Set<Listener>()
let online = true

/** Whether the last request reached the server; tells listeners when that changes. */
export function reachable(): boolean {
  return online
}

export function onReachable(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function markReachable(now: boolean): void {
  if (now === online) return
  online = now
  for (const listener of listeners) listener(now)
}

let expired: (() => void) | null = null

/** Called once per 401 answer outside sign-in, so that the page can ask for a password again. */
export function onExpired(handler: () => void): void {
  expired = handler
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  json?: unknown
  body?: string | Blob
  type?: string
  accept?: string
  /** If-Match: the revision a change was made from. */
  match?: number | undefined
  /** Idempotency-Key: sent again under it, the same request is not carried out twice. */
  key?: string | undefined
  signal?: AbortSignal | undefined
  /** Sign-in itself handles 401. */
  quiet401?: boolean
}

export async function ask(asked: string, options: Ask = {}): Promise<Response> {
  const path = about(asked, visited())
  const method = options.method ?? 'GET'
  const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' }
  if (method !== 'GET') {
    headers['X-Baigong'] = '1'
    forget()
  }
  if (options.match !== undefined) headers['If-Match'] = `"${options.match}"`
  if (options.key) headers['Idempotency-Key'] = `"${options.key}"`
  let body: string | Blob | undefined
  if (options.json !== undefined) {
    body = JSON.stringify(options.json)
    headers['Content-Type'] = 'application/json'
  } else if (options.body !== undefined) {
    body = options.body
    headers['Content-Type'] = options.type ?? 'text/plain'
  }
  let response: Response
  try {
    const early = method === 'GET' ? await begun(path, headers.Accept ?? '') : null
    response = early ?? await fetch(ROOT + path, { method, headers, body: body ?? null, signal: options.signal ?? null, credentials: 'same-origin' })
  } catch (error) {
    if (options.signal?.aborted) throw error
    markReachable(false)
    throw new ApiError({ code: 'client.offline', title: 'The server does not answer.' }, 0)
  }
  if (response.ok) {
    markReachable(true)
    return response
  }
  throw await failure(response, options)
}

async function failure(response: Response, options: Ask): Promise<ApiError> {
  const text = await response.text()
  let problem: Problem | null = null
  try {
    const read = JSON.parse(text) as Partial<Problem>
    if (typeof read.code === 'string') problem = { ...read, code: read.code, title: read.title ?? read.detail ?? read.code }
  } catch {
    problem = null
  }
  // A proxy in front of a stopped server answers 502–504 without our JSON.
  if (!problem && response.status >= 502 && response.status <= 504) {
    markReachable(false)
    return new ApiError({ code: 'client.offline', title: 'The server does not answer.' }, 0)
  }
  markReachable(true)
  if (response.status === 401 && !options.quiet401) expired?.()
  return new ApiError(problem ?? { code: `http.${response.status}`, title: response.statusText || `HTTP ${response.status}` }, response.status)
}

export async function askJson<T>(path: string, options: Ask = {}): Promise<T> {
  const response = await ask(path, options)
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

/** Build `?a=1&b=2`, leaving out what is undefined or empty. */
export function query(values: Record<string, string | number | undefined | null>): string {
  const pairs = new URLSearchParams()
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '') pairs.set(key, String(value))
  }
  const text = pairs.toString()
  return text ? `?${text}` : ''
}

/** The address of something for a browser to open or save itself, asked of whose plant is looked at. */
export const hrefOf = (path: string): string => ROOT + about(path, visited())
