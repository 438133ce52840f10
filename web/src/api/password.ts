import { Store } from '../ui/store'
import { post } from './v1'

/** What a link that sets a password is good for. `set` answers the setting itself. */
export type PasswordLink =
  | { state: 'valid'; username: string; displayName: string; companyNames: string[]; validUntil: string }
  | { state: 'expired'; validUntil: string }
  | { state: 'unknown' }

export type PasswordAnswer = { state: 'set'; username: string } | Exclude<PasswordLink, { state: 'valid' }>

/** Whose password was set a moment ago on this page; the sign-in page goes on from there. */
export const passwordSetFor = new Store<string | null>(null)

export const SHORTEST_PASSWORD = 8
export const LONGEST_PASSWORD = 1000

/** Rejects with an ApiError: RESOURCE_EXHAUSTED after too many guesses. */
export function lookUpPasswordLink(key: string): Promise<PasswordLink> {
  return post('/client/password/look-up', { key })
}

/** Rejects with an ApiError as `lookUpPasswordLink` does. */
export function setPassword(key: string, password: string): Promise<PasswordAnswer> {
  return post('/client/password', { key, password })
}

/** Characters as the server counts them. */
export function passwordLength(password: string): number {
  return [...password].length
}
