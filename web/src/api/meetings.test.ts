import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { account } from './account'
import { ownMeetings } from './meetings'

const SIGNED_IN = {
  state: 'in' as const,
  userId: 'ada',
  companyId: 'acme',
  companyIds: ['acme'],
  permissions: new Set<never>(),
  mayCreateRooms: false,
}
const MEETING = { number: '1111222233334444', topic: 'Figures' }

/** A server that takes the access token `good` only, and gives it for the cookie. */
function serve(asked: string[]) {
  return async (path: string, { body }: { body: string }): Promise<Response> => {
    const { accessToken } = JSON.parse(body) as { accessToken?: string }
    asked.push(accessToken ?? path)
    if (path.startsWith('/json/v1/')) {
      const expiresAt = Date.now() / 1000 + 3600
      return Response.json({ accessToken: 'good', userId: 'ada', companyId: 'acme', expiresAt })
    }
    if (accessToken === 'good') return Response.json({ meetings: [MEETING] })
    return Response.json({ code: 'token_invalid', message: 'no', details: {} }, { status: 401 })
  }
}

describe('the meetings of whoever is signed in', () => {
  const asked: string[] = []

  beforeEach(() => vi.stubGlobal('fetch', serve(asked)))

  afterEach(() => {
    vi.unstubAllGlobals()
    account.set({ state: 'out' })
    asked.length = 0
  })

  const signIn = (accessToken: string) =>
    account.set({ ...SIGNED_IN, accessToken, expiresAt: Date.now() + 3_600_000 })

  it('are asked for with the access token', async () => {
    signIn('good')
    expect(await ownMeetings()).toEqual([MEETING])
    expect(asked).toEqual(['good'])
  })

  it('are asked for again with a new token when the server takes the old one no more', async () => {
    signIn('revoked')
    expect(await ownMeetings()).toEqual([MEETING])
    expect(asked).toEqual(['revoked', '/json/v1/authenticationService/authenticate', 'good'])
  })

  it('are not told when nobody is signed in', async () => {
    await expect(ownMeetings()).rejects.toThrow('signed out')
    expect(asked).toEqual([])
  })
})
