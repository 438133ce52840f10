import { vi } from 'vitest'

/** A browser's tab for unit tests: an address, and what the tab keeps. */
export function tabAt(address: string) {
  const url = new URL(address, 'https://switchroom.example')
  const kept = new Map<string, string>()
  const listeners: (() => void)[] = []
  const go = (to: string) => {
    url.href = new URL(to, url).href
  }
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  })
  vi.stubGlobal('window', {
    location: url,
    history: { replaceState: (_state: unknown, _title: string, to: string) => go(to) },
    addEventListener: (_name: 'hashchange', listener: () => void) => void listeners.push(listener),
  })
  return {
    address: () => url.pathname + url.search + url.hash,
    stored: () => [...kept.values()].join(),
    /** Open another address of the same page. */
    opens: (hash: string) => {
      url.hash = hash
      for (const listener of listeners) listener()
    },
  }
}
