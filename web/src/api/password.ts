import { Store } from '../ui/store'
import { callClient, type Schemas } from './client'

type Answer = Schemas['PasswordLinkAnswer']

/** State of a link that sets a password. In a PasswordAnswer, `set` answers the setting itself. */
export type PasswordLink =
  | { state: 'valid'; username: string; displayName: string; companyNames: string[]; validUntil: string }
  | { state: 'expired'; validUntil: string }
  | { state: 'unknown' }

export type PasswordAnswer = { state: 'set'; username: string } | Exclude<PasswordLink, { state: 'valid' }>

/** Username for which a password was just set on this page; the sign-in page goes on from there. */
export const passwordSetFor = new Store<string | null>(null)

export const SHORTEST_PASSWORD = 8
export const LONGEST_PASSWORD = 1000

/** Rejects with a SignallingError: `too_many_attempts` after too many guesses. */
export async function lookUpPasswordLink(key: string): Promise<PasswordLink> {
  return (await callClient('/client/password/look-up', { key })) as Answer & PasswordLink
}

/** Rejects with a SignallingError as `lookUpPasswordLink` does. */
export async function setPassword(key: string, password: string): Promise<PasswordAnswer> {
  return (await callClient('/client/password', { key, password })) as Answer & PasswordAnswer
}

/** Resolves whether or not there is somebody of this name. Rejects with a SignallingError as `lookUpPasswordLink`
 * does. */
export async function askForPasswordLink(username: string): Promise<void> {
  await callClient('/client/password/forgotten', { username })
}

/** Characters as the server counts them. */
export function passwordLength(password: string): number {
  return [...password].length
}

export type PasswordComplaint = 'tooShort' | 'tooLong'

/** Complaint about a password that somebody chooses; null without one. */
export function complaintAboutPassword(password: string): PasswordComplaint | null {
  const length = passwordLength(password)
  if (length < SHORTEST_PASSWORD) return 'tooShort'
  return length > LONGEST_PASSWORD ? 'tooLong' : null
}
