/** Where a click on an item leads. */
import { assetLink, pointLink, screenLink, trendLink } from './route'
import { type Chosen, referencesOf, resolved, type ScreenItem } from './screens'

/** The address; empty: nowhere. */
export function targetOf(item: ScreenItem, chosen: Chosen): string {
  const [kind, name] = parted(resolved(item.opens ?? '', chosen))
  if (kind === 'screen') return screenLink(name)
  if (kind === 'asset') return assetLink(name)
  if (kind === 'point') return pointLink(name)
  const names = referencesOf(item).map(([, ref]) => resolved(ref, chosen))
  if (item.is === 'trend' && names.length) return trendLink(names, `-${item.span || '1h'}`)
  return names[0] ? pointLink(names[0]) : ''
}

function parted(opens: string): [string, string] {
  const at = opens.indexOf(':')
  return at < 0 ? ['', ''] : [opens.slice(0, at), opens.slice(at + 1)]
}
