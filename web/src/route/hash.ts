import { useSyncExternalStore } from 'react'
import type { LinkAddress } from '../api/guest'

export type Route =
  | { page: 'portal' | 'login' | 'forgotten' | 'unknown' }
  | { page: 'join'; link: LinkAddress }
  | { page: 'room'; roomId: string }
  | { page: 'password' | 'invitation'; key: string }
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
  if (page === undefined) return { page: 'portal' }
  if (page === 'login') return { page: 'login' }
  if (page === 'forgotten') return { page: 'forgotten' }
  if (page === 'room' && one) return { page: 'room', roomId: one }
  if (page === 'password' || page === 'invitation') return { page, key: one }
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
