import { Store } from '../ui/store'
import { callClient, type Schemas } from './client'

type Answer = Schemas['InvitationAnswer']

/** State of the link of an invitation to an organization. */
export type Invitation =
  | {
      state: 'open'
      username: string
      displayName: string
      companyName: string
      inviterName: string
      /** They sign in already, and accept with the password that they have. */
      hasAccount: boolean
      validUntil: string
    }
  | { state: 'accepted'; username: string }
  | { state: 'expired'; validUntil: string }
  | { state: 'unknown' }

export type Acceptance = { state: 'joined'; username: string } | Exclude<Invitation, { state: 'open' }>

/** Username with which an invitation was just accepted on this page; the sign-in page goes on from there. */
export const joinedAs = new Store<string | null>(null)

/** Rejects with a SignallingError: `too_many_attempts` after too many guesses. */
export async function lookUpInvitation(key: string): Promise<Invitation> {
  return (await callClient('/client/invitation/look-up', { key })) as Answer & Invitation
}

/** Rejects with a SignallingError as `lookUpInvitation` does, and `password_wrong`. */
export async function acceptInvitation(key: string, password: string): Promise<Acceptance> {
  return (await callClient('/client/invitation', { key, password })) as Answer & Acceptance
}
