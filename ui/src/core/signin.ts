/** Ways in: passkeys, company accounts, proving once more that it is me, and the first set-up. */
import type { MadePasskey, MyAccounts, MyPasskeys, SignInPage, WaysIn, WaysToProve } from '../wire/access'
import type { Problem, Session } from '../wire/api'
import { askJson, query } from './http'
import { handleOf, type Json, makePasskey, showPasskey } from './passkeys'

const id = encodeURIComponent

export const ways = {
  offered: (company: string) => askJson<SignInPage>(`/sign-in${query({ company })}`),
  /** The browser asks which passkey; the server says whose it is. */
  passkey: async (): Promise<Session> => {
    const { options } = await askJson<{ options: Json }>('/session/passkey/options', { method: 'POST' })
    const passkey = await showPasskey(options)
    return askJson<Session>('/session/passkey', { method: 'POST', json: { passkey }, quiet401: true })
  },
  /** Where the browser has to go. */
  account: (tenant: string, provider: string) => askJson<{ url: string }>(`/sign-in/${id(tenant)}/${id(provider)}`, { method: 'POST', quiet401: true }),
}

export const proof = {
  ways: () => askJson<WaysToProve>('/my/proof'),
  // 401 here means a wrong code, not that the session has ended.
  give: (json: { password?: string; code?: string; passkey?: Json }) => askJson<void>('/my/proof', { method: 'POST', json, quiet401: true }),
}

export const passkeys = {
  list: () => askJson<MyPasskeys>('/my/passkeys'),
  add: async (title: string): Promise<MadePasskey> => {
    const { options } = await askJson<{ options: Json }>('/my/passkeys/options', { method: 'POST' })
    const passkey = await makePasskey(options)
    return askJson<MadePasskey>('/my/passkeys', { method: 'POST', json: { title, handle: handleOf(options), passkey }, quiet401: true })
  },
  rename: (passkey: string, title: string) => askJson<void>(`/my/passkeys/${id(passkey)}`, { method: 'PUT', json: { title } }),
  remove: (passkey: string) => askJson<void>(`/my/passkeys/${id(passkey)}`, { method: 'DELETE' }),
}

export const accounts = {
  list: () => askJson<MyAccounts>('/my/accounts'),
  link: (provider: string) => askJson<{ url: string }>(`/my/accounts/${id(provider)}`, { method: 'POST' }),
  remove: (account: string) => askJson<void>(`/my/accounts/${id(account)}`, { method: 'DELETE' }),
}

export const waysIn = {
  of: (person: string) => askJson<WaysIn>(`/people/${id(person)}/ways-in`),
  dropPasskey: (person: string, passkey: string) => askJson<void>(`/people/${id(person)}/passkeys/${id(passkey)}`, { method: 'DELETE' }),
  unlink: (person: string, account: string) => askJson<void>(`/people/${id(person)}/accounts/${id(account)}`, { method: 'DELETE' }),
}

export const setUp = {
  named: () => askJson<{ title: string; site: string }>('/set-up'),
  name: (title: string, site: string) => askJson<void>('/set-up', { method: 'POST', json: { title, site } }),
}

/** What the server wants beside a password, from its problem document. */
export function wantedWays(problem: Problem): WaysToProve | null {
  if (problem.code !== 'auth.code') return null
  const told = (problem as { fields?: { ways?: unknown; passkey?: unknown } }).fields
  return { ways: Array.isArray(told?.ways) ? (told.ways as string[]) : ['code'], passkey: (told?.passkey as Json | null | undefined) ?? null }
}
