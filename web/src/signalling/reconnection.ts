import type { EndReason } from './messages'

/** Rules of when a connection counts as lost, and how it is brought back. All times in milliseconds. */

export const PING_INTERVAL = 2_000
export const PINGS_UNANSWERED = 3
/** Longest time that a pong may take after the browser said that the network changed. */
export const PROBE_LIMIT = 1_200
/** Longest time that an attempt may take to open a socket. A black hole swallows it for longer than that. */
export const OPEN_LIMIT = 2_000
/** Longest time that the server may take to answer `join` once the socket is open. */
export const JOIN_LIMIT = 10_000
export const RESUME_LIMIT = 4_000
/** Time that the very first join tries to reach the server before it gives up: for a second try, also after one that was
 * not answered. */
export const FIRST_JOIN_LIMIT = 15_000

const LONGEST_PAUSE = 1_000

/** The pause before attempt `attempt` (0 is the first, made at once). Never over a second. */
export function retryPause(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(LONGEST_PAUSE, 250 * 2 ** (attempt - 1))
}

export type Closing = 'left' | 'refused' | EndReason | 'lost'

/** Meaning of a close code of docs/signalling.md; codes that are not in it mean a lost connection. */
export function closing(code: number): Closing {
  switch (code) {
    case 1000:
      return 'left'
    case 4000:
      return 'refused'
    case 4001:
      return 'removed'
    case 4002:
      return 'replaced'
    case 4003:
      return 'room_closed'
    case 4004:
      return 'revoked'
    case 4005:
      return 'denied'
    case 4006:
      return 'meeting_over'
    case 4007:
      return 'session_over'
    default:
      return 'lost'
  }
}

const PASSING_REFUSALS = new Set([
  'media_unavailable',
  'too_many',
  'unreachable',
  'unanswered',
  'unavailable',
])

/** Whether a refused join may be tried again by itself. */
export function mayRetry(refusal: string): boolean {
  return PASSING_REFUSALS.has(refusal)
}
