/** Which page an address means. Addresses are plain paths; the server answers every one with index.html. */

export type Route =
  | { page: 'overview' | 'connect' | 'commands' | 'add' | 'trends' | 'sql' | 'system' | 'demo' | 'about' | 'access' | 'companies' | 'use' | 'audit' | 'security' | 'desk' | 'me' | 'lots' | 'sheets' | 'missing' }
  | { page: 'device'; device: string; tab: string }
  | { page: 'point'; point: string }
  | { page: 'assets'; asset: string; tab: string }
  | { page: 'types'; type: string }
  | { page: 'templates'; template: string }
  | { page: 'work'; room: string; one: string }
  | { page: 'screens'; screen: string; doing: '' | 'edit' | 'new' }

const SIMPLE: Record<string, 'overview' | 'connect' | 'commands' | 'add' | 'trends' | 'sql' | 'system' | 'demo' | 'about' | 'access' | 'companies' | 'use' | 'audit' | 'security' | 'desk' | 'me' | 'lots' | 'sheets'> = {
  '': 'overview',
  overview: 'overview',
  connect: 'connect',
  devices: 'connect',
  'connect/add': 'add',
  'connect/sheets': 'sheets',
  commands: 'commands',
  trends: 'trends',
  sql: 'sql',
  system: 'system',
  demo: 'demo',
  about: 'about',
  access: 'access',
  companies: 'companies',
  use: 'use',
  audit: 'audit',
  security: 'security',
  desk: 'desk',
  me: 'me',
  lots: 'lots',
}

export function routeOf(path: string): Route {
  const clean = path.replace(/^\/+|\/+$/g, '')
  const simple = SIMPLE[clean]
  if (simple) return { page: simple }
  const parts = decoded(clean.split('/'))
  if (!parts) return { page: 'missing' }
  if ((parts[0] === 'connect' || parts[0] === 'devices') && parts[1]) return { page: 'device', device: parts[1], tab: parts[2] ?? 'points' }
  if (parts[0] === 'assets') return { page: 'assets', asset: parts[1] ?? '', tab: parts[2] ?? '' }
  if (parts[0] === 'screens') return { page: 'screens', screen: parts[1] ?? '', doing: parts[2] === 'edit' || parts[2] === 'new' ? parts[2] : '' }
  if (parts[0] === 'work') return { page: 'work', room: parts[1] ?? '', one: parts[2] ?? '' }
  if (parts[0] === 'types') return { page: 'types', type: parts[1] ?? '' }
  if (parts[0] === 'templates') return { page: 'templates', template: parts[1] ?? '' }
  if (parts[0] === 'points' && parts[1]) return { page: 'point', point: parts[1] }
  return { page: 'missing' }
}

/** Names as they were before they were written into an address; null where somebody cut one in two. */
export function decoded(parts: readonly string[]): string[] | null {
  try {
    return parts.map(decodeURIComponent)
  } catch {
    return null
  }
}

export const deviceLink = (device: string, tab?: string): string => `/connect/${encodeURIComponent(device)}${tab ? `/${tab}` : ''}`
export const pointLink = (name: string): string => `/points/${encodeURIComponent(name)}`
export const assetLink = (asset: string, tab?: string): string => `/assets/${encodeURIComponent(asset)}${tab ? `/${tab}` : ''}`
export const typeLink = (type: string): string => `/types/${encodeURIComponent(type)}`
export const templateLink = (template: string): string => `/templates/${encodeURIComponent(template)}`
/** `room`: a line of pages/work/rooms.ts; `one`: which task, order, … */
export const workLink = (room: string, one?: string): string => `/work/${room}${one ? `/${encodeURIComponent(one)}` : ''}`
export const screenLink = (screen: string, doing?: 'edit' | 'new'): string => `/screens/${encodeURIComponent(screen)}${doing ? `/${doing}` : ''}`
export const trendLink = (names: readonly string[], start = '-1h', end = 'now'): string =>
  `/trends?p=${names.map(encodeURIComponent).join(',')}&from=${encodeURIComponent(start)}&to=${encodeURIComponent(end)}`
