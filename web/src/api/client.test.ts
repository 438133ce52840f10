import i18next from 'i18next'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SignallingError } from '../signalling/socket'
import { callClient, isUnreachable } from './client'
import { ApiError, callV1, RESOURCE_EXHAUSTED, UNREACHABLE } from './v1'

const LINK = { companyId: 'acme', roomId: 'lounge', accessKey: 'key' }

function serve(answer: () => Response): void {
  vi.stubGlobal('fetch', async () => answer())
}

const askClient = () => callClient('/client/link', LINK).catch((error: unknown) => error)
const askV1 = () => callV1('roomService/list', {}).catch((error: unknown) => error)

describe('what an API tells of a problem', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('is told in the words of the signalling by the browser’s own API', async () => {
    const body = { code: 'too_many_attempts', message: 'slowly', details: { retryAfter: '60' } }
    serve(() => Response.json(body, { status: 429 }))
    const error = await askClient()
    expect(error).toBeInstanceOf(SignallingError)
    expect(error).toMatchObject(body)
  })

  it('is told in codes of gRPC by the v1 API', async () => {
    const details = [{ statusCode: 'QUOTA_EXCEEDED' }]
    serve(() => Response.json({ code: 8, message: 'full', details }, { status: 429 }))
    expect(await askV1()).toMatchObject({ code: RESOURCE_EXHAUSTED, statusCode: 'QUOTA_EXCEEDED' })
  })

  it('is that nobody could answer when a proxy says so', async () => {
    serve(() => new Response('<html>', { status: 502 }))
    const [own, v1] = [await askClient(), await askV1()]
    expect(own).toMatchObject({ code: 'unreachable' })
    expect(v1).toMatchObject({ code: UNREACHABLE })
    expect([own, v1].map(isUnreachable)).toEqual([true, true])
  })

  it('is that nobody has answered when there is no connection', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')))
    const [own, v1] = [await askClient(), await askV1()]
    expect(own).toBeInstanceOf(SignallingError)
    expect(v1).toBeInstanceOf(ApiError)
    expect([own, v1].map(isUnreachable)).toEqual([true, true])
  })

  it('is not that nobody has answered when there is a refusal', async () => {
    serve(() => Response.json({ code: 'bad_request', message: 'no', details: {} }, { status: 400 }))
    expect(isUnreachable(await askClient())).toBe(false)
  })
})

describe('a question', () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each(['de', 'en'])('says that the pages are in %s', async chosen => {
    await i18next.init({ lng: chosen })
    const sent: Headers[] = []
    vi.stubGlobal('fetch', async (_: string, { headers }: RequestInit) => {
      sent.push(new Headers(headers))
      return Response.json({})
    })
    await askClient()
    await askV1()
    expect(sent.map(headers => headers.get('accept-language'))).toEqual([chosen, chosen])
  })
})

describe('an answer', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('is what the server has sent', async () => {
    serve(() => Response.json({ state: 'valid', roomName: 'Lounge' }))
    expect(await callClient('/client/link', LINK)).toEqual({ state: 'valid', roomName: 'Lounge' })
  })

  it('may be nothing', async () => {
    serve(() => new Response(null, { status: 204 }))
    expect(await callClient('/client/sign-out', {})).toBeUndefined()
  })
})
