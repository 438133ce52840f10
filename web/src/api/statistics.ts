import { callSignedIn } from './account'

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
