/**
 * Looking at another company, with its consent: for as long as this tab lasts, what is asked about a plant is asked about
 * theirs. What is about oneself or the platform stays at home.
 */
const KEY = 'baigong.visit'
const AT_HOME = /^\/(session|my|password|language|sign-in|set-up|health|tenants|regions|looks|support|applications|packages|apply|system|security|demo|usage\/companies)(\/|\?|$)/

export function visited(): string {
  try {
    return sessionStorage.getItem(KEY) ?? ''
  } catch {
    return '' // storage blocked: then nobody visits
  }
}

function keep(tenant: string): boolean {
  try {
    if (tenant) sessionStorage.setItem(KEY, tenant)
    else sessionStorage.removeItem(KEY)
    return true
  } catch {
    return false
  }
}

/** Begin or (with nothing) end a visit; everything is loaded anew. */
export function visit(tenant: string): void {
  if (keep(tenant)) location.assign('/')
}

/** Who signs out visits nobody any more; whoever comes next in this tab is at home. */
export const endVisit = (): boolean => keep('')

/** Who is signed in, and what they may at the company that is looked at. */
export const sessionPath = (): string => (visited() ? `/session?tenant=${encodeURIComponent(visited())}` : '/session')

/** The path, told whose plant it is about. */
export function about(path: string, tenant: string): string {
  if (!tenant || AT_HOME.test(path) || /[?&]tenant=/.test(path)) return path
  return `${path}${path.includes('?') ? '&' : '?'}tenant=${encodeURIComponent(tenant)}`
}
