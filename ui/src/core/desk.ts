/** The operator's desk, and the page of those who apply: the calls. */
import type { Application, ApplicantState, ApplyPage, DeskRules, LookOf, PackageLine, SupportAccess } from '../wire/desk'
import type { Session } from '../wire/api'
import { askJson, query } from './http'

const id = encodeURIComponent
const post = <T>(path: string, json: unknown = {}) => askJson<T>(path, { method: 'POST', json })

export const support = {
  /** Who of the platform asked to come into my company. */
  list: () => askJson<SupportAccess[]>('/support'),
  allow: (one: string, hours: number | null) => post<SupportAccess>(`/support/${id(one)}/allow`, { hours }),
  refuse: (one: string) => post<SupportAccess>(`/support/${id(one)}/refuse`),
  end: (one: string) => post<SupportAccess>(`/support/${id(one)}/end`),
  /** What the platform asked of companies. */
  asked: () => askJson<SupportAccess[]>('/support/asked'),
  ask: (tenant: string, wish: { reason: string; level: string; hours: number }) => post<SupportAccess>(`/support/asked${query({ tenant })}`, wish),
  takeBack: (one: SupportAccess) => post<SupportAccess>(`/support/asked/${id(one.id)}/end${query({ tenant: one.tenant })}`),
}

/** What is known of a company that wants to come, as people type it. */
export interface WishForm {
  credit_code: string
  title_zh: string
  title: string
  region: string
  contact: string
  phone: string
  email: string
  wish: string
  package: string
}

export const NO_WISH: WishForm = { credit_code: '', title_zh: '', title: '', region: '', contact: '', phone: '', email: '', wish: '', package: '' }

export const queue = {
  list: () => askJson<Application[]>('/applications'),
  enter: (wish: WishForm) => post<Application[]>('/applications', { companies: [wish] }),
  take: (one: string) => post<Application>(`/applications/${id(one)}/take`),
  ask: (one: string, text: string) => post<Application>(`/applications/${id(one)}/ask`, { text }),
  refuse: (one: string, text: string) => post<Application>(`/applications/${id(one)}/refuse`, { text }),
  approve: (one: string, as: { tenant: string; admin: string; package: string }) => post<{ application: Application; password: string }>(`/applications/${id(one)}/approve`, as),
  secret: (one: string) => post<{ admin: string; password: string }>(`/applications/${id(one)}/secret`),
  rules: () => askJson<DeskRules>('/applications/rules'),
  putRules: (rules: { open: boolean; two_persons: boolean }) => askJson<unknown>('/applications/rules', { method: 'PUT', json: rules }),
}

export const packages = {
  list: () => askJson<PackageLine[]>('/packages'),
  put: (name: string, text: string) => askJson<PackageLine>(`/packages/${id(name)}`, { method: 'PUT', json: { text } }),
  remove: (name: string) => askJson<void>(`/packages/${id(name)}`, { method: 'DELETE' }),
}

export interface Receipt {
  reference: string
  code: string
}

export const applying = {
  page: () => askJson<ApplyPage>('/apply', { quiet401: true }),
  apply: (wish: WishForm) => post<Receipt>('/apply', wish),
  state: (receipt: Receipt) => post<ApplicantState>('/apply/state', receipt),
  answer: (receipt: Receipt, answer: string) => post<ApplicantState>('/apply/answer', { ...receipt, answer }),
}

/** The secret link: what it says stands behind the #, which browsers send to nobody. */
export const applicantLink = (receipt: Receipt): string => `${location.origin}/apply#${receipt.reference}.${receipt.code}`

export function readReceipt(hash: string): Receipt | null {
  const [reference, code] = hash.replace(/^#/, '').split('.')
  return reference && code ? { reference, code } : null
}

// The doors decide; this only hides what would be refused. A park's administrators review for their own region.
export const mayReview = (session: Session | null): boolean => [...(session?.may?.platform ?? []), ...(session?.may?.company ?? [])].includes('review')

export const looksOf = {
  get: (region: string) => askJson<LookOf>(`/regions/${id(region)}/look`),
  put: (region: string, look: LookOf['look']) => askJson<LookOf>(`/regions/${id(region)}/look`, { method: 'PUT', json: look }),
  putLogo: (region: string, file: Blob) => askJson<LookOf>(`/regions/${id(region)}/logo`, { method: 'PUT', body: file, type: file.type || 'image/png' }),
  dropLogo: (region: string) => askJson<void>(`/regions/${id(region)}/logo`, { method: 'DELETE' }),
}
