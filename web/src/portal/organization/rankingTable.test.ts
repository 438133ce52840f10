import type { TFunction } from 'i18next'
import { expect, test } from 'vitest'
import { OF_PEOPLE, OF_ROOMS, rankingFile } from './rankingTable'

const t = ((key: string) => key) as unknown as TFunction

const AULA = {
  id: 'aula',
  name: 'Aula',
  isMeeting: false,
  isGone: false,
  openSeconds: 5400,
  personSeconds: 36_000,
  stays: 12,
}
const ADA = {
  id: 'ada',
  name: 'Ada',
  email: 'ada@example.org',
  isGuests: false,
  isGone: false,
  seconds: 3600,
  stays: 2,
}

test('rooms have hours and stays, and no name is executed', () => {
  const gone = { ...AULA, name: '=HYPERLINK("x")', isMeeting: true, isGone: true }
  expect(rankingFile(t, OF_ROOMS, [AULA, gone])).toBe(
    '\ufeff"statistics.name","statistics.note.rooms","statistics.column.open",' +
      '"statistics.column.together","statistics.column.stays"\r\n' +
      '"Aula","","1.5","10","12"\r\n' +
      '"\'=HYPERLINK(""x"")","statistics.meeting, statistics.goneRoom","1.5","10","12"\r\n',
  )
})

test('people have their addresses, and guests are one line', () => {
  const guests = { ...ADA, id: '', name: '', email: '', isGuests: true }
  const gone = { ...ADA, name: '@Bob', email: '', isGone: true }
  expect(rankingFile(t, OF_PEOPLE, [ADA, guests, gone]).split('\r\n').slice(1, -1)).toEqual([
    '"Ada","ada@example.org","1","2"',
    '"statistics.guests","","1","2"',
    '"\'@Bob","statistics.gonePerson","1","2"',
  ])
})
