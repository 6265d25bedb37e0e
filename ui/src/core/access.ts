/** People, companies and my own account: the calls, and what a session may use. */
import type { Company, Factor, Grant, Member, NewFactor, RoleLine, SessionLine } from '../wire/access'
import type { Session } from '../wire/api'
import { askJson, query } from './http'

const id = encodeURIComponent
const put = (path: string, json: unknown) => askJson<void>(path, { method: 'PUT', json })

export const people = {
  list: () => askJson<Member[]>('/people'),
  add: (name: string, roles: string[]) => askJson<{ name: string; password: string }>('/people', { method: 'POST', json: { name, roles } }),
  roles: (name: string, roles: string[]) => put(`/people/${id(name)}/roles`, { roles }),
  lock: (name: string, locked: boolean) => put(`/people/${id(name)}/lock`, { locked }),
  reset: (name: string, second_factor: boolean, tokens: boolean) =>
    askJson<{ name: string; password: string }>(`/people/${id(name)}/reset`, { method: 'POST', json: { second_factor, tokens } }),
  remove: (name: string) => askJson<void>(`/people/${id(name)}`, { method: 'DELETE' }),
  sessions: (name: string) => askJson<SessionLine[]>(`/people/${id(name)}/sessions`),
  endSession: (name: string, session: string) => askJson<void>(`/people/${id(name)}/sessions/${id(session)}`, { method: 'DELETE' }),
  endSessions: (name: string) => askJson<void>(`/people/${id(name)}/sessions`, { method: 'DELETE' }),
  ready: () => askJson<RoleLine[]>('/roles'),
  required: () => askJson<{ roles: string[] }>('/second-factor'),
  require: (roles: string[]) => put('/second-factor', { roles }),
}

export const mine = {
  sessions: () => askJson<SessionLine[]>('/my/sessions'),
  endOthers: () => askJson<void>('/my/sessions', { method: 'DELETE' }),
  endSession: (session: string) => askJson<void>(`/my/sessions/${id(session)}`, { method: 'DELETE' }),
  factor: () => askJson<Factor>('/my/second-factor'),
  begin: () => askJson<NewFactor>('/my/second-factor', { method: 'POST' }),
  // 401 here means a wrong code, not that the session has ended.
  confirm: (code: string) => askJson<{ codes: string[] }>('/my/second-factor', { method: 'PUT', json: { code }, quiet401: true }),
  drop: () => askJson<void>('/my/second-factor', { method: 'DELETE' }),
  newCodes: () => askJson<{ codes: string[] }>('/my/second-factor/codes', { method: 'POST' }),
}

export const companies = {
  list: (search: string, state = '') => askJson<Company[]>(`/tenants${query({ search, state })}`),
  add: (company: { tenant: string; title: string; title_zh: string; region: string; credit_code: string; admin: string }) =>
    askJson<{ tenant: string; admin: string; password: string }>('/tenants', { method: 'POST', json: company }),
  suspend: (tenant: string) => askJson<Company>(`/tenants/${id(tenant)}/suspend`, { method: 'POST' }),
  resume: (tenant: string) => askJson<Company>(`/tenants/${id(tenant)}/resume`, { method: 'POST' }),
  regions: () => askJson<{ region: string; title?: string; title_zh?: string }[]>('/regions'),
  addRegion: (region: string) => askJson<unknown>('/regions', { method: 'POST', json: { region } }),
}

export const grants = {
  list: () => askJson<Grant[]>('/grants'),
  revoke: (grant: string) => askJson<void>(`/grants/${id(grant)}`, { method: 'DELETE' }),
}

// The doors decide; this only hides what would be refused. On a visit `company` is the one that is looked at.
export const maySeePeople = (session: Session | null): boolean => session?.may?.company.includes('people') ?? false
export const maySeeCompanies = (session: Session | null): boolean => session?.may?.platform.includes('tenants') ?? false
export const mayRead = (session: Session | null): boolean => session?.may?.company.includes('read') ?? false
export const maySeeAudit = (session: Session | null): boolean => session?.may?.company.includes('audit') ?? false

/** What a browser says of itself, as people call it. */
export function browserName(agent: string): string {
  const kind = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrome\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : ''
  const on = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows' : /Mac OS/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : ''
  return [kind, on].filter(Boolean).join(' · ') || agent.slice(0, 60) || '–'
}
