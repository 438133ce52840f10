/** The query of a launch address, which has a token in it: kept in the tab so that a reload finds it again. */

const KEPT_KEY = 'switchroom.launch'

/** The codes of refusals after which a token is of no use to anybody any more. */
const SPENT = new Set([
  'token_invalid',
  'token_expired',
  'link_expired',
  'link_deleted',
  'meeting_over',
  'ended',
])

/** Takes the query of the address out of the address bar and the history; without one, that of the visit before. */
export function takeLaunch(): string {
  const { search, pathname, hash } = window.location
  if (!search) return keptLaunch()
  keepLaunch(search)
  window.history.replaceState(null, '', pathname + hash)
  return search
}

export function keepLaunch(query: string): void {
  try {
    sessionStorage.setItem(KEPT_KEY, query)
  } catch {
    // Without storage a reload finds nothing.
  }
}

/** At the end of a stay, and when somebody signs out. */
export function forgetLaunch(): void {
  try {
    sessionStorage.removeItem(KEPT_KEY)
  } catch {
    // Nothing was kept.
  }
}

/** After a refusal with this code the token is not kept; one that may come in later keeps it. */
export function launchRefused(code: string): void {
  if (SPENT.has(code)) forgetLaunch()
}

function keptLaunch(): string {
  try {
    return sessionStorage.getItem(KEPT_KEY) ?? ''
  } catch {
    return ''
  }
}
