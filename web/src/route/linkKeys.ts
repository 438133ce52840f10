import { Store } from '../ui/store'
import { parseRoute } from './hash'

type Page = 'password' | 'invitation' | 'magic' | 'company-deletion'

/** The key of a mailed link to one page: it is taken out of the address bar and the history when the link is opened. A
 * reload finds it again until it was used. */
class LinkKey {
  /** The key of the link that was opened in this tab. */
  readonly current = new Store<string | null>(null)
  readonly #page: Page
  readonly #kept: string

  constructor(page: Page, kept: string) {
    this.#page = page
    this.#kept = kept
  }

  /** Takes the key out of the address, if that is such a link's. */
  take(): void {
    const { hash, pathname, search } = window.location
    const route = parseRoute(hash)
    if (route.page !== this.#page || !('key' in route) || !route.key) return
    try {
      sessionStorage.setItem(this.#kept, route.key)
    } catch {
      // Without storage a reload finds nothing.
    }
    window.history.replaceState(null, '', `${pathname}${search}#/${this.#page}`)
    this.current.set(route.key)
  }

  /** Finds the key that the tab keeps, unless a link was opened. */
  recall(): void {
    if (this.current.get() === null) this.current.set(this.#keptKey())
  }

  /** The link was used: a reload has nothing to do with it any more. */
  forget(): void {
    try {
      sessionStorage.removeItem(this.#kept)
    } catch {
      // Nothing was kept.
    }
  }

  #keptKey(): string | null {
    try {
      return sessionStorage.getItem(this.#kept)
    } catch {
      return null
    }
  }
}

/** The link to set a password. */
export const passwordLink = new LinkKey('password', 'switchroom.password-link')

/** The link to accept an invitation. */
export const invitationLink = new LinkKey('invitation', 'switchroom.invitation-link')

/** The link that signs somebody in, once. */
export const magicLink = new LinkKey('magic', 'switchroom.magic-link')

/** The link that deletes a company. */
export const companyDeletionLink = new LinkKey('company-deletion', 'switchroom.company-deletion-link')

const LINKS = [passwordLink, invitationLink, magicLink, companyDeletionLink]

/** Hides the keys of such links now and whenever one is opened. To be called before anything else follows the address. */
export function hideLinkKeys(): void {
  const take = () => {
    for (const link of LINKS) link.take()
  }
  window.addEventListener('hashchange', take)
  take()
  for (const link of LINKS) link.recall()
}
