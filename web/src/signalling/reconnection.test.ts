import { describe, expect, it } from 'vitest'
import { closing, mayRetry, OPEN_LIMIT, retryPause } from './reconnection'

describe('reconnection', () => {
  it('tries at once, then never more than a second apart', () => {
    const pauses = [0, 1, 2, 3, 10, 1000].map(retryPause)
    expect(pauses).toEqual([0, 250, 500, 1000, 1000, 1000])
  })

  it('is back within five seconds of the network, whenever in an attempt that returns', () => {
    const worst = OPEN_LIMIT + retryPause(1000)
    expect(worst).toBeLessThanOrEqual(3_000)
  })

  it('does not come back after a close that was meant', () => {
    expect([1000, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007].map(closing)).toEqual([
      'left',
      'refused',
      'removed',
      'replaced',
      'room_closed',
      'revoked',
      'denied',
      'meeting_over',
      'session_over',
    ])
    expect([1001, 1005, 1006, 1011, 1012].map(closing)).toEqual(Array(5).fill('lost'))
  })

  it('takes a refusal for final unless it passes by itself', () => {
    expect(mayRetry('media_unavailable')).toBe(true)
    expect(mayRetry('link_expired')).toBe(false)
    expect(mayRetry('token_expired')).toBe(false)
  })
})
