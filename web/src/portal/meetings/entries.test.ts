import { describe, expect, it } from 'vitest'
import {
  changedWish,
  type Entries,
  localEnd,
  newEntries,
  newRepetition,
  readAddresses,
  wishOf,
  withInvitees,
} from './entries'

const WEEKLY = { ...newRepetition('2026-05-04'), frequencyType: 'weekly' as const }
const LESSON: Entries = {
  ...newEntries(new Date(2026, 4, 4, 9, 40), undefined),
  topic: 'Lesson',
  timezone: 'Europe/Berlin',
  repetition: WEEKLY,
}

describe('a new meeting', () => {
  it('begins at the next half hour', () => {
    expect(newEntries(new Date(2026, 4, 4, 9, 40), undefined).time).toBe('10:00')
    expect(newEntries(new Date(2026, 4, 4, 9, 10), undefined).time).toBe('09:30')
  })

  it('begins on the next day shortly before midnight', () => {
    const { day, time } = newEntries(new Date(2026, 4, 4, 23, 40), undefined)
    expect([day, time]).toEqual(['2026-05-05', '00:00'])
  })

  it('takes place on the day that was chosen in the calendar', () => {
    expect(newEntries(new Date(2026, 4, 4), '2026-06-01').day).toBe('2026-06-01')
    expect(newEntries(new Date(2026, 4, 4), '2026-06-99').day).toBe('2026-05-04')
  })

  it('says when it ends', () => {
    expect(localEnd({ ...LESSON, time: '23:30', minutes: 45 })).toBe('2026-05-05T00:15')
    expect(localEnd({ ...LESSON, day: '' })).toBe('')
  })
})

describe('a change', () => {
  it('says nothing of what stays', () => {
    expect(changedWish(LESSON, LESSON, true)).toEqual({})
    expect(changedWish(LESSON, { ...LESSON, topic: ' Test ' }, true)).toEqual({ topic: 'Test' })
  })

  it('says the zone with the time', () => {
    expect(changedWish(LESSON, { ...LESSON, time: '11:00' }, true)).toEqual({
      start: '2026-05-04T11:00:00',
      timezone: 'Europe/Berlin',
    })
  })

  it('says of one time nothing that is the series’', () => {
    const after: Entries = {
      ...LESSON,
      kind: 'webinar',
      repetition: newRepetition('2026-05-04'),
      minutes: 30,
      invitees: [],
    }
    expect(changedWish(LESSON, after, false)).toEqual({ minutes: 30 })
    expect(changedWish(LESSON, after, true)).toEqual({
      kind: 'webinar',
      minutes: 30,
      repetition: newRepetition('2026-05-04'),
      timezone: 'Europe/Berlin',
    })
  })

  it('is the whole of a new one', () => {
    expect(wishOf(LESSON)).toMatchObject({ topic: 'Lesson', start: '2026-05-04T10:00:00', invitees: [] })
  })
})

describe('addresses', () => {
  it('are read as they are pasted', () => {
    const { found, wrong } = readAddresses(
      'a@example.org, "Nora Maria Nilsén" <nora@example.org>;\nKim <kim@example.org>\nb@example.org c@example.org',
    )
    expect(found.map(({ email, firstName, lastName }) => [email, firstName, lastName])).toEqual([
      ['a@example.org', '', ''],
      ['nora@example.org', 'Nora Maria', 'Nilsén'],
      ['kim@example.org', 'Kim', ''],
      ['b@example.org', '', ''],
      ['c@example.org', '', ''],
    ])
    expect(wrong).toEqual([])
  })

  it('that are none are told', () => {
    expect(readAddresses('nobody, a@b@c, @, x@example.org').wrong).toEqual(['nobody', 'a@b@c', '@'])
  })

  it('stand once in the list', () => {
    const { found } = readAddresses('A@example.org, b@example.org, B@example.org')
    const present = readAddresses('a@example.org').found
    expect(withInvitees(present, found).map(({ email }) => email)).toEqual(['a@example.org', 'b@example.org'])
  })
})
