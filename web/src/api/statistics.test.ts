import { afterEach, expect, it, vi } from 'vitest'
import { account } from './account'
import { dailyUse, type RankingWanted, wholeRanking } from './statistics'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  account.set({ state: 'out' })
})

it('has a value for each day, also for those in which nothing was used', async () => {
  vi.useFakeTimers({ now: new Date('2026-03-03T12:00:00Z') })
  account.set({
    state: 'in',
    userId: 'ada',
    companyId: 'acme',
    companyIds: ['acme'],
    permissions: new Set<never>(),
    mayCreateRooms: false,
    accessToken: 'token',
    expiresAt: Date.now() + 3_600_000,
  })
  const asked: unknown[] = []
  vi.stubGlobal('fetch', async (_: string, { body }: RequestInit) => {
    asked.push(JSON.parse(String(body)))
    return Response.json({ Stats: [{ startTime: '2026-03-02T00:00:00Z', value: '7' }] })
  })
  expect(await dailyUse('participants', 3)).toEqual([
    { day: '2026-03-01', value: 0 },
    { day: '2026-03-02', value: 7 },
    { day: '2026-03-03', value: 0 },
  ])
  expect(asked[0]).toMatchObject({
    resource: 'ROOM_PARTICIPANTS',
    startTime: '2026-03-01T00:00:00.000Z',
    stopTime: '2026-03-03T12:00:00.000Z',
  })
})

it('has all pages of a ranking, each behind the one before', async () => {
  const asked: RankingWanted[] = []
  const places = [{ count: 9, id: 3 }, { count: 4, id: 7 }, undefined]
  const load = async (wanted: RankingWanted) => {
    asked.push(wanted)
    const following = places[asked.length - 1]
    return { rows: [asked.length], ...(following && { following }) }
  }
  expect(await wholeRanking(load, { span: 'week', day: '2026-11-23' })).toEqual([1, 2, 3])
  expect(asked.map(({ after }) => after)).toEqual([undefined, places[0], places[1]])
  expect(
    asked.every(({ span, day, limit }) => span === 'week' && day === '2026-11-23' && limit === 500),
  ).toBe(true)
})
