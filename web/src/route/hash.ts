import { useSyncExternalStore } from 'react'
import type { LinkAddress } from '../api/guest'

/** The pages of the portal that have an address of their own. */
export const PORTAL_PAGES = ['rooms', 'meetings', 'recordings', 'people', 'organization', 'profile'] as const

export type PortalPageName = (typeof PORTAL_PAGES)[number]

export type Route =
  | { page: 'login' }
  | { page: 'forgotten' | 'unknown' }
  /** `rest` is what follows the page's name in the address: which part of it, or which thing on it, is shown. */
  | { page: 'portal'; name: PortalPageName | 'home'; rest: readonly string[] }
  | { page: 'join'; link: LinkAddress }
  | { page: 'room'; roomId: string }
  | { page: 'password' | 'invitation' | 'magic' | 'company-deletion'; key: string }
  | { page: 'meeting'; number: string; key: string }

/** Reads the part of an address after `#`. A link may be pasted with or without its `/v2`. */
export function parseRoute(hash: string): Route {
  const parts = hash
    .replace(/^#\/?/, '')
    .replace(/\?.*$/, '')
    .split('/')
    .filter(part => part !== '')
    .map(decodePart)
  const [page, one = '', two = '', three = ''] = parts
  if (page === undefined) return { page: 'portal', name: 'home', rest: [] }
  const name = PORTAL_PAGES.find(known => known === page)
  if (name) return { page: 'portal', name, rest: parts.slice(1) }
  if (page === 'login') return { page: 'login' }
  if (page === 'forgotten') return { page: 'forgotten' }
  if (page === 'room' && one) return { page: 'room', roomId: one }
  if (page === 'password' || page === 'invitation' || page === 'magic' || page === 'company-deletion') {
    return { page, key: one }
  }
  if (page === 'meeting' && one) return { page: 'meeting', number: one.replace(/[\s-]/g, ''), key: two }
  if (page === 'join' && three) {
    return { page: 'join', link: { companyId: one, roomId: two, accessKey: three } }
  }
  return { page: 'unknown' }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function navigate(hash: string): void {
  window.location.hash = hash
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash)
}
