import { describe, expect, it } from 'vitest'
import { otherTime, remaining } from './times'

describe('what is left until a meeting', () => {
  it.each([
    [0, { days: 0, clock: '0:00:00' }],
    [-5_000, { days: 0, clock: '0:00:00' }],
    [1, { days: 0, clock: '0:00:01' }],
    [3_661_000, { days: 0, clock: '1:01:01' }],
    [2 * 86_400_000 + 59_000, { days: 2, clock: '0:00:59' }],
  ])('%i ms', (milliseconds, shown) => {
    expect(remaining(milliseconds)).toEqual(shown)
  })
})

describe('the time where the meeting is', () => {
  const start = '2026-07-01T08:00:00Z'
  const end = '2026-07-01T09:00:00Z'
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone

  it('is not said when it is the same', () => {
    expect(otherTime(start, end, here)).toBeNull()
  })

  it('is said with its zone', () => {
    const zone = here === 'Asia/Ho_Chi_Minh' ? 'America/New_York' : 'Asia/Ho_Chi_Minh'
    expect(otherTime(start, end, zone)?.zone).toBe(zone.replaceAll('_', ' '))
  })

  it('is left out when the browser does not know the zone', () => {
    expect(otherTime(start, end, 'Mars/Olympus_Mons')).toBeNull()
  })
})
