const KEY = 'switchroom.browser'

let known: string | undefined

/** Id of this browser, random and the same on each visit: a person put out of a room is known by it. */
export function browserId(): string {
  known ??= stored()
  return known
}

function stored(): string {
  const fresh = Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
  try {
    const before = localStorage.getItem(KEY)
    if (before && /^[0-9a-f]{32}$/.test(before)) return before
    localStorage.setItem(KEY, fresh)
  } catch {
    // A browser that keeps nothing: it is another one on each visit.
  }
  return fresh
}
