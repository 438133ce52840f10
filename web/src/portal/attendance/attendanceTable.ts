import type { TFunction } from 'i18next'
import { writeTable } from '../people/csv'

/** Somebody's time in a room or a meeting; `leftAt` is null while it lasts. */
export interface Stay {
  name: string
  isGuest: boolean
  isSpectator?: boolean
  email?: string
  joinedAt: string
  leftAt: string | null
}

/** The whole minutes of a stay that is over; a short one is one. */
export function minutesOf({ joinedAt, leftAt }: Pick<Stay, 'joinedAt' | 'leftAt'>): number | null {
  if (leftAt === null) return null
  return Math.max(Math.round((Date.parse(leftAt) - Date.parse(joinedAt)) / 60_000), 1)
}

/** A moment as spreadsheets read it, in this time zone: `2026-11-28 09:15:00`. */
export function cellOf(time: string, timeZone: string): string {
  // Swedes write dates in the order of ISO 8601.
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(new Date(time))
}

/** Stays as a file for spreadsheets, in the language of the page and the time zone that the head names. */
export function attendanceFile(t: TFunction, stays: readonly Stay[], timeZone: string): string {
  const hasAddresses = stays.some(({ email }) => email !== undefined)
  const head = [
    t('attendance.name'),
    ...(hasAddresses ? [t('attendance.email')] : []),
    t('attendance.kind'),
    t('attendance.cameIn', { zone: timeZone }),
    t('attendance.leftIn', { zone: timeZone }),
    t('attendance.minutes'),
  ]
  const rows = stays.map(stay => [
    stay.name,
    ...(hasAddresses ? [stay.email ?? ''] : []),
    kindOf(t, stay),
    cellOf(stay.joinedAt, timeZone),
    stay.leftAt === null ? t('attendance.still') : cellOf(stay.leftAt, timeZone),
    String(minutesOf(stay) ?? ''),
  ])
  return writeTable([head, ...rows])
}

/** Kind of person that somebody was there as, in words: member or guest, also as a spectator. */
export function kindOf(t: TFunction, { isGuest, isSpectator }: Stay): string {
  const kind = isGuest ? t('attendance.guest') : t('attendance.member')
  return isSpectator ? `${kind}, ${t('attendance.spectator')}` : kind
}

/** The name of a file about something of this name. */
export function fileName(t: TFunction, name: string): string {
  const plain = name
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return `${t('attendance.file')}${plain && `-${plain}`}.csv`
}

/** The time zone that the browser is in. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
}
