/** Company accounts that open here (OpenID Connect): the providers' files, and trying them. */
import { askJson } from './http'

export interface ProviderLine {
  provider: string
  title: string
  issuer: string
  redirect_uri: string
  error: string
  failed: string
  failed_us: number | null
}

export interface ProviderFinding {
  what: string
  what_zh: string
  ok: boolean
  said: string
  said_zh: string
  advice: string
  advice_zh: string
}

export const providers = {
  list: () => askJson<ProviderLine[]>('/providers'),
  check: (provider: string) => askJson<ProviderFinding[]>(`/providers/${encodeURIComponent(provider)}/check`, { method: 'POST' }),
}
