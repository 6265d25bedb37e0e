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

/** Begin or (with nothing) end a visit; everything is loaded anew. */
export function visit(tenant: string): void {
  try {
    if (tenant) sessionStorage.setItem(KEY, tenant)
    else sessionStorage.removeItem(KEY)
  } catch {
    return
  }
  location.assign('/')
}

/** The path, told whose plant it is about. */
export function about(path: string, tenant: string): string {
  if (!tenant || AT_HOME.test(path) || /[?&]tenant=/.test(path)) return path
  return `${path}${path.includes('?') ? '&' : '?'}tenant=${encodeURIComponent(tenant)}`
}
