import { Store } from '../ui/store'
import { parseRoute } from './hash'

const KEPT_KEY = 'switchroom.password-link'

/** The key of the link to set a password that was opened in this tab. */
export const passwordKey = new Store<string | null>(null)

/** Takes the key of such a link out of the address bar and the history, now and whenever one is opened. A reload finds
 * it again until it was used. To be called before anything else follows the address. */
export function hidePasswordKeys(): void {
  window.addEventListener('hashchange', takePasswordKey)
  takePasswordKey()
  if (passwordKey.get() === null) passwordKey.set(keptKey())
}

/** The link was used: a reload has nothing to do with it any more. */
export function forgetPasswordKey(): void {
  try {
    sessionStorage.removeItem(KEPT_KEY)
  } catch {
    // Nothing was kept.
  }
}

function takePasswordKey(): void {
  const { hash, pathname, search } = window.location
  const route = parseRoute(hash)
  if (route.page !== 'password' || !route.key) return
  try {
    sessionStorage.setItem(KEPT_KEY, route.key)
  } catch {
    // Without storage a reload finds nothing.
  }
  window.history.replaceState(null, '', `${pathname}${search}#/password`)
  passwordKey.set(route.key)
}

function keptKey(): string | null {
  try {
    return sessionStorage.getItem(KEPT_KEY)
  } catch {
    return null
  }
}
