import { forgetLaunch } from '../launch/keptLaunch'
import { SignallingError } from '../signalling/socket'
import { Store } from '../ui/store'
import { callClient } from './client'
import { ApiError, callV1, requestId, UNAUTHENTICATED } from './v1'

/** Account that is signed in, or none. `unknown` until the cookie of an earlier visit has been tried. */
export type Account = { state: 'unknown' } | { state: 'out' } | SignedIn

export interface SignedIn {
  state: 'in'
  userId: string
  companyId: string
  /** Every organization this person may work in. */
  companyIds: string[]
  /** Permissions of the person in the administration of `companyId`. */
  permissions: ReadonlySet<Administration>
  mayCreateRooms: boolean
  accessToken: string
  /** Milliseconds since 1970. */
  expiresAt: number
}

/** Permissions in the administration of an organization, by their numbers in the v1 API. */
export const ADMINISTRATION = {
  USER_CREATE: 1,
  USER_SHOW: 2,
  USER_INVITE: 3,
  USER_LIST: 4,
  USER_ADMIN: 5,
  GRANT_PERMISSIONS: 6,
  COMPANY_LIST: 8,
  COMPANY_ADMIN: 9,
  ROOM_CREATE: 10,
  ROOM_LIST: 13,
  ROOM_ADMIN: 15,
  MANAGE_COMPANY: 16,
  MANAGE_BILLING: 17,
} as const

export type Administration = keyof typeof ADMINISTRATION

interface AuthenticationReply {
  accessToken: string
  expiresAt?: string | number
  userId?: string
  companyId?: string
  accessibleAccounts?: { companyId: string }[]
  /** By their numbers. */
  permissions?: Record<string, boolean>
}

const COMPANY_KEY = 'switchroom.company'
/** A token is renewed when it has less than this left, in milliseconds. */
const SPARE = 60_000

export const account = new Store<Account>({ state: 'unknown' })

let renewal: Promise<SignedIn> | null = null

/** Rejects with an ApiError: UNAUTHENTICATED for a wrong name or password, RESOURCE_EXHAUSTED after too many. */
export async function signIn(username: string, password: string): Promise<void> {
  adopt(await authenticate({ usernamePasswordCredentials: { username, password } }))
}

/** Signs in by a token that a sign-in elsewhere has made. Rejects with an ApiError: UNAUTHENTICATED for one that was
 * used or is too old, RESOURCE_EXHAUSTED after too many guesses. */
export async function signInByMagicToken(magicToken: string): Promise<void> {
  adopt(await authenticate({ magicTokenCredentials: { magicToken } }))
}

/** Sets another password. All sessions end with it; this page signs in anew. Rejects with a SignallingError:
 * `password_wrong` for the one so far, `too_many_attempts` after too many guesses; or with an ApiError. */
export async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
  const current = account.get()
  if (current.state !== 'in') throw new ApiError(UNAUTHENTICATED, 'UNAUTHENTICATED', 'signed out')
  const token = await accessToken()
  const changing = callClient('/client/password/change', { accessToken: token, oldPassword, newPassword })
    .then(({ username }) => {
      const { companyId } = current
      return authenticate({ usernamePasswordCredentials: { username, password: newPassword, companyId } })
    })
    .then(adopt)
  // A request made meanwhile finds its token void, and waits for the new one.
  renewal = changing.finally(() => {
    renewal = null
  })
  renewal.catch(() => undefined)
  await changing
}

export async function signOut(): Promise<void> {
  forgetCompany()
  forgetLaunch()
  account.set({ state: 'out' })
  await callClient('/client/sign-out', {})
}

/** Signs in with the cookie of an earlier visit, if there was one. */
export async function restoreAccount(): Promise<void> {
  const companyId = storedCompany()
  if (!companyId) return account.set({ state: 'out' })
  try {
    await renew(companyId)
  } catch {
    // `renew` has told the pages; that the visit begins signed out is all there is to it.
  }
}

export async function switchCompany(companyId: string): Promise<void> {
  adopt(await authenticate({ refreshTokenCredentials: { companyId } }))
}

/** A valid access token; `renewed` asks for one made just now. Rejects with an ApiError when signed out. */
export async function accessToken(renewed = false): Promise<string> {
  const current = account.get()
  if (current.state !== 'in') throw new ApiError(UNAUTHENTICATED, 'UNAUTHENTICATED', 'signed out')
  if (!renewed && current.expiresAt - Date.now() > SPARE) return current.accessToken
  return (await renew(current.companyId)).accessToken
}

/** A v1 call in the name of the person signed in. Rejects with an ApiError. */
export function callSignedIn<Reply>(path: string, body: object): Promise<Reply> {
  return withToken(token =>
    callV1<Reply>(path, { accessInfo: { requestId: requestId(), accessToken: token }, ...body }),
  )
}

/** Answer that `ask` resolves with, given the token of the person signed in. A token the server calls
 * outdated is renewed once. Rejects as `ask` does, or with an ApiError when signed out. */
export async function withToken<Reply>(ask: (token: string) => Promise<Reply>): Promise<Reply> {
  try {
    return await ask(await accessToken())
  } catch (error) {
    if (isOutdated(error) && account.get().state === 'in') return ask(await accessToken(true))
    throw error
  }
}

const OUTDATED = new Set(['token_invalid', 'token_expired'])

function isOutdated(error: unknown): boolean {
  if (error instanceof ApiError) return error.code === UNAUTHENTICATED
  return error instanceof SignallingError && OUTDATED.has(error.code)
}

function renew(companyId: string): Promise<SignedIn> {
  renewal ??= authenticate({ refreshTokenCredentials: { companyId } })
    .then(adopt)
    .catch((error: unknown) => {
      // Without an answer the cookie may still be good: only a refusal signs out.
      if (
        account.get().state === 'unknown' ||
        (error instanceof ApiError && error.code === UNAUTHENTICATED)
      ) {
        account.set({ state: 'out' })
      }
      throw error
    })
    .finally(() => {
      renewal = null
    })
  return renewal
}

function authenticate(credentials: object): Promise<AuthenticationReply> {
  return callV1('authenticationService/authenticate', { requestId: requestId(), ...credentials })
}

function adopt(reply: AuthenticationReply): SignedIn {
  const before = account.get()
  const companyId = reply.companyId ?? ''
  const known = before.state === 'in' ? before.companyIds : []
  const permissions = administrationOf(reply.permissions ?? {})
  const signedIn: SignedIn = {
    state: 'in',
    userId: reply.userId ?? '',
    companyId,
    permissions,
    mayCreateRooms: permissions.has('ROOM_CREATE') || permissions.has('ROOM_ADMIN'),
    companyIds: reply.accessibleAccounts?.map(accessible => accessible.companyId) ?? known,
    accessToken: reply.accessToken,
    expiresAt: Number(reply.expiresAt ?? 0) * 1000,
  }
  rememberCompany(companyId)
  account.set(signedIn)
  return signedIn
}

/** The permissions that are given in a map of the v1 API. */
export function administrationOf(permissions: Record<string, boolean>): ReadonlySet<Administration> {
  const names = Object.keys(ADMINISTRATION) as Administration[]
  return new Set(names.filter(name => permissions[ADMINISTRATION[name]]))
}

function storedCompany(): string | null {
  try {
    return localStorage.getItem(COMPANY_KEY)
  } catch {
    return null
  }
}

function rememberCompany(companyId: string): void {
  try {
    localStorage.setItem(COMPANY_KEY, companyId)
  } catch {
    // Without storage a reload asks for the password again.
  }
}

function forgetCompany(): void {
  try {
    localStorage.removeItem(COMPANY_KEY)
  } catch {
    // Nothing was stored.
  }
}
