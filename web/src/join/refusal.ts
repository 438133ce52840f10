import type { TFunction } from 'i18next'
import {
  ApiError,
  INVALID_ARGUMENT,
  NOT_FOUND,
  PERMISSION_DENIED,
  RESOURCE_EXHAUSTED,
  UNAUTHENTICATED,
  UNREACHABLE,
} from '../api/v1'
import { formatDateTime } from '../i18n/format'
import { SignallingError } from '../signalling/socket'

const KNOWN = [
  'token_invalid',
  'token_expired',
  'room_not_found',
  'link_not_yet_valid',
  'link_expired',
  'link_deleted',
  'not_allowed',
  'spectators_not_allowed',
  'room_full',
  'room_locked',
  'removed_from_room',
  'spectators_full',
  'media_unavailable',
  'too_many',
  'bad_request',
  'unreachable',
  'meeting_not_started',
  'meeting_over',
  'account_unpaid',
] as const

/** Codes of a room without a place: one may become free. */
const FULL: readonly string[] = ['room_full', 'spectators_full']

export function isFull(code: string | undefined): boolean {
  return code !== undefined && FULL.includes(code)
}

/** Milliseconds until a full room is tried again; not the same for all who wait for the same place. */
export function untilNextTry(): number {
  return 7_000 + Math.random() * 4_000
}

/** A sentence for a code of docs/signalling.md. */
export function refusalText(t: TFunction, code: string, details: Record<string, string> = {}): string {
  const known = KNOWN.find(candidate => candidate === code)
  if (code === 'too_many_attempts') return t('refusal.too_many')
  if (code === 'unanswered' || code === 'unavailable') return t('refusal.unreachable')
  if (!known) return t('refusal.other', { code })
  const date = details.validFrom ?? details.validUntil ?? details.opensAt ?? details.until
  return t(`refusal.${known}`, { date: date ? formatDateTime(date) : '', field: details.field ?? '' })
}

/** Reason why there is no token, in the codes of the signalling. */
export function tokenRefusal(error: unknown): SignallingError {
  if (!(error instanceof ApiError)) throw error
  switch (error.code) {
    case UNREACHABLE:
      return new SignallingError('unreachable', error.message)
    case UNAUTHENTICATED:
      return new SignallingError('token_invalid', error.message)
    case RESOURCE_EXHAUSTED:
      // Not `too_many`, which is tried again by itself.
      return new SignallingError('too_many_attempts', error.message)
    case PERMISSION_DENIED:
      return new SignallingError('not_allowed', error.message)
    case NOT_FOUND:
      return new SignallingError('link_deleted', error.message)
    case INVALID_ARGUMENT:
      return new SignallingError('bad_request', error.message)
    default:
      return new SignallingError('other', error.message)
  }
}
