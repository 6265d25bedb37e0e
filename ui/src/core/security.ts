/** What is open and what is weak: as the server found it. */
import { askJson } from './http'

export interface Finding {
  severity: 'high' | 'medium' | 'low'
  kind: string
  what: string
  title: string
  title_zh: string
  advice: string
  advice_zh: string
  command: string
  link: string
}

export interface Listening {
  what: string
  host: string
  port: number
  tls: boolean
}

/** What was found when somebody last looked through the audit log. */
export interface AuditLook {
  time_us: number
  by: string
  entries: number
  wrong: string
}

export interface Security {
  looked_us: number
  audit: AuditLook | null
  listeners: Listening[]
  findings: Finding[]
}

export const security = (signal?: AbortSignal) => askJson<Security>('/security', { signal })

export const lookThrough = () => askJson<AuditLook>('/audit/check', { method: 'POST' })

/** How many of each severity, worst first; what there is none of is left out. */
export function counted(findings: readonly Finding[]): [Finding['severity'], number][] {
  return (['high', 'medium', 'low'] as const)
    .map((severity): [Finding['severity'], number] => [severity, findings.filter((one) => one.severity === severity).length])
    .filter(([, count]) => count > 0)
}
