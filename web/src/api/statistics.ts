import { callSignedIn, withToken } from './account'
import { callClient, type Schemas } from './client'

/** Measures of use, with their names in the v1 API. */
export const MEASURES = {
  participants: 'ROOM_PARTICIPANTS',
  seconds: 'ROOM_ONLINE_SECONDS',
  concurrent: 'ROOM_CONCURRENT_LIMIT',
  spectators: 'ROOM_SPECTATORS',
} as const

export type Measure = keyof typeof MEASURES

/** A day, as `2026-11-28`, and what was measured in it. */
export interface Day {
  day: string
  value: number
}

const DAY = 86_400_000

/** Values of a measure day by day, oldest first, up to today. Rejects with an ApiError. */
export async function dailyUse(measure: Measure, days: number): Promise<readonly Day[]> {
  interface Reply {
    Stats?: { startTime?: string | { seconds?: string }; value?: string }[]
  }
  const stop = new Date()
  const start = new Date(stop.getTime() - (days - 1) * DAY)
  start.setUTCHours(0, 0, 0, 0)
  const reply = await callSignedIn<Reply>('quotaService/stats', {
    resource: MEASURES[measure],
    startTime: start.toISOString(),
    stopTime: stop.toISOString(),
  })
  const values = new Map<string, number>()
  for (const { startTime, value } of reply.Stats ?? []) {
    if (typeof startTime === 'string') values.set(startTime.slice(0, 10), Number(value ?? 0))
  }
  return Array.from({ length: days }, (_, number) => {
    const day = new Date(start.getTime() + number * DAY).toISOString().slice(0, 10)
    return { day, value: values.get(day) ?? 0 }
  })
}

export type RankedRoom = Schemas['RankedRoom']
export type RankedPerson = Schemas['RankedPerson']
export type RankingPlace = Schemas['RankingPlace']
export type RankingWanted = Omit<Schemas['RankingQuery'], 'accessToken'>
export type Span = NonNullable<RankingWanted['span']>

/** A page of a ranking; the last one has nothing following. `earliest` is the first day of the first span in
 * which anything was used. */
export interface RankingPage<Row> {
  rows: readonly Row[]
  earliest?: string
  following?: RankingPlace
}

/** As many as the server tells at once, and pages that a file is made of. */
const MOST_RANKED = 500
const MOST_PAGES = 200

/** The rooms that were most in use. Rejects, as all of these do, with a SignallingError, or an ApiError when
 * signed out. */
export async function rankedRooms(wanted: RankingWanted): Promise<RankingPage<RankedRoom>> {
  const { rooms, ...page } = await withToken(accessToken =>
    callClient('/client/statistics/rooms', { accessToken, ...wanted }),
  )
  return { ...page, rows: rooms }
}

/** Who was in rooms longest or most often; all guests together are one of them. */
export async function rankedPeople(wanted: RankingWanted): Promise<RankingPage<RankedPerson>> {
  const { people, ...page } = await withToken(accessToken =>
    callClient('/client/statistics/people', { accessToken, ...wanted }),
  )
  return { ...page, rows: people }
}

/** A whole ranking, 100,000 at most, from its pages. */
export async function wholeRanking<Row>(
  load: (wanted: RankingWanted) => Promise<RankingPage<Row>>,
  wanted: RankingWanted,
): Promise<readonly Row[]> {
  const found: Row[] = []
  let after: RankingPlace | undefined
  for (let number = 0; number < MOST_PAGES; number += 1) {
    const page = await load({ ...wanted, limit: MOST_RANKED, ...(after !== undefined && { after }) })
    found.push(...page.rows)
    after = page.following
    if (after === undefined) break
  }
  return found
}
