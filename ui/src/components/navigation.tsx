/** Addresses without a router library: history, one store, one link. */
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react'
import { beginView } from '../core/early'

const listeners = new Set<() => void>()
let before = typeof location === 'undefined' ? '' : location.pathname

function tell(): void {
  if (location.pathname !== before) beginView(location.pathname, location.search)
  before = location.pathname
  for (const listener of listeners) listener()
}

if (typeof window !== 'undefined') window.addEventListener('popstate', tell)

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const here = location.pathname + location.search
  if (to === here) return
  if (options.replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  tell()
  if (!options.replace) document.querySelector('main')?.scrollTo(0, 0)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname)
export const useSearch = (): string => useSyncExternalStore(subscribe, () => location.search)

/** A link that stays in the page, and still opens a new tab when asked to. */
export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    if (/^[a-z]+:/i.test(href) || href.startsWith('/api/')) return
    event.preventDefault()
    navigate(href)
  }
  return <a href={href} onClick={follow} {...rest} />
}
