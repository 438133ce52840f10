import type { TFunction } from 'i18next'
import { expect, test } from 'vitest'
import { attendanceFile, cellOf, fileName, minutesOf } from './attendanceTable'

const t = ((key: string, options?: { zone?: string }) =>
  options?.zone ? `${key} ${options.zone}` : key) as unknown as TFunction

const ADA = {
  name: 'Ada',
  isGuest: true,
  joinedAt: '2026-11-28T08:15:00.000Z',
  leftAt: '2026-11-28T09:00:29.000Z',
}

test('a moment is written in the time zone of who reads it', () => {
  expect(cellOf('2026-11-28T23:15:09.500Z', 'Europe/Berlin')).toBe('2026-11-29 00:15:09')
  expect(cellOf('2026-07-01T12:00:00Z', 'America/New_York')).toBe('2026-07-01 08:00:00')
  expect(cellOf('2026-11-28T23:15:09Z', 'UTC')).toBe('2026-11-28 23:15:09')
})

test('minutes are whole, and one at least', () => {
  expect(minutesOf(ADA)).toBe(45)
  expect(minutesOf({ ...ADA, leftAt: ADA.joinedAt })).toBe(1)
  expect(minutesOf({ ...ADA, leftAt: null })).toBeNull()
})

test('a file has a head with the zone, and executes nothing', () => {
  const stays = [ADA, { ...ADA, name: '=1+2', leftAt: null, isGuest: false, isSpectator: true }]
  expect(attendanceFile(t, stays, 'Europe/Berlin')).toBe(
    '\ufeff"attendance.name","attendance.kind","attendance.cameIn Europe/Berlin",' +
      '"attendance.leftIn Europe/Berlin","attendance.minutes"\r\n' +
      '"Ada","attendance.guest","2026-11-28 09:15:00","2026-11-28 10:00:29","45"\r\n' +
      '"\'=1+2","attendance.member, attendance.spectator","2026-11-28 09:15:00","attendance.still",""\r\n',
  )
})

test('addresses have a column where they are told', () => {
  const file = attendanceFile(t, [{ ...ADA, email: 'ada@example.org' }], 'UTC')
  expect(file).toContain('"attendance.name","attendance.email","attendance.kind"')
  expect(file).toContain('"Ada","ada@example.org"')
})

test('a file is called after what it is about', () => {
  expect(fileName(t, 'Übung 7/B: <Größe>')).toBe('attendance.file-Übung-7-B-Größe.csv')
  expect(fileName(t, '../..')).toBe('attendance.file.csv')
})
