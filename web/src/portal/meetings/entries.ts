import type { Invitee, InviteeWish, MeetingWish, Repetition, ScheduledMeeting } from '../../api/scheduling'
import { addDays, dateOf, dayOf } from './days'

/** Entries in the form of a meeting. */
export interface Entries {
  topic: string
  day: string
  time: string
  timezone: string
  minutes: number
  kind: ScheduledMeeting['kind']
  isRecorded: boolean
  earlyAccessMinutes: number
  agenda: string
  repetition: Repetition
  invitees: readonly InviteeEntry[]
}

export interface InviteeEntry {
  email: string
  firstName: string
  lastName: string
  role: Invitee['role']
  locale: '' | Invitee['locale']
}

export type EntryName = keyof Entries

/** Names of the entries of which every time of a series has its own. */
export const OF_ONE_TIME: readonly EntryName[] = ['topic', 'day', 'time', 'minutes', 'agenda']

/** A new meeting at the next half hour, an hour long, where the browser is. */
export function newEntries(now: Date, day: string | undefined): Entries {
  const start = new Date(now)
  start.setMinutes(start.getMinutes() < 30 ? 30 : 60, 0, 0)
  const two = (value: number) => String(value).padStart(2, '0')
  return {
    topic: '',
    day: day && dateOf(day) ? day : dayOf(start),
    time: `${two(start.getHours())}:${two(start.getMinutes())}`,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC',
    minutes: 60,
    kind: 'standard',
    isRecorded: false,
    earlyAccessMinutes: 0,
    agenda: '',
    repetition: newRepetition(day && dateOf(day) ? day : dayOf(start)),
    invitees: [],
  }
}

export function entriesOf(meeting: ScheduledMeeting): Entries {
  const [day = '', time = ''] = meeting.localStart.split('T')
  const { topic, timezone, minutes, kind, isRecorded, earlyAccessMinutes, agenda, repetition } = meeting
  return {
    topic,
    day,
    time,
    timezone,
    minutes,
    kind,
    isRecorded,
    earlyAccessMinutes,
    agenda,
    repetition,
    invitees: meeting.invitees.map(({ email, firstName, lastName, role, locale }) => ({
      email,
      firstName,
      lastName,
      role,
      locale,
    })),
  }
}

/** The names of the entries that differ. */
export function differences(before: Entries, after: Entries): EntryName[] {
  const names = Object.keys(before) as EntryName[]
  return names.filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

export function recurs({ repetition }: { repetition: Repetition }): boolean {
  return repetition.frequencyType !== 'once'
}

export function wishOf(entries: Entries): MeetingWish {
  const { day, time, invitees, ...rest } = entries
  return { ...rest, topic: entries.topic.trim(), start: `${day}T${time}:00`, invitees: invitees.map(wished) }
}

/** Only what is to be different, so that the rest stays as it is, whatever that is by now. */
export function changedWish(before: Entries, after: Entries, ofSeries: boolean): MeetingWish {
  const changed = new Set(differences(before, after).filter(name => ofSeries || OF_ONE_TIME.includes(name)))
  const whole = wishOf(after)
  const wish: MeetingWish = {}
  if (changed.has('topic')) wish.topic = whole.topic
  if (changed.has('agenda')) wish.agenda = whole.agenda
  if (changed.has('kind')) wish.kind = whole.kind
  if (changed.has('isRecorded')) wish.isRecorded = whole.isRecorded
  if (changed.has('earlyAccessMinutes')) wish.earlyAccessMinutes = whole.earlyAccessMinutes
  if (changed.has('invitees')) wish.invitees = whole.invitees
  if (changed.has('minutes')) wish.minutes = whole.minutes
  if (changed.has('day') || changed.has('time') || changed.has('timezone')) {
    wish.start = whole.start
    wish.timezone = whole.timezone
  }
  if (changed.has('repetition') || (changed.has('timezone') && recurs(after))) {
    wish.repetition = whole.repetition
    wish.timezone = whole.timezone
  }
  return wish
}

function wished({ email, firstName, lastName, role, locale }: InviteeEntry): InviteeWish {
  return { email, firstName, lastName, role, locale }
}

/** End on the clock of the meeting's start, without a zone: `2026-05-04T10:30`. Empty while the fields are. */
export function localEnd({ day, time, minutes }: Entries): string {
  const start = Date.parse(`${day}T${time}:00Z`)
  return Number.isNaN(start) || !minutes ? '' : new Date(start + minutes * 60_000).toISOString().slice(0, 16)
}

/** None yet; how it would be if there were one. */
export function newRepetition(day: string): Repetition {
  const until = addDays(dateOf(day) ?? new Date(), 84)
  return {
    frequencyType: 'once',
    frequency: 1,
    monthlyPattern: 'day_of_month',
    endsType: 'never',
    endsOn: dayOf(until),
    endsAfter: 10,
  }
}

export interface FoundAddresses {
  found: InviteeEntry[]
  /** Parts of the text that are no addresses. */
  wrong: string[]
}

const ADDRESS = /^[^\s@<>]+@[^\s@<>]+$/

/** The addresses in a text: apart by commas, semicolons or lines, also as `Name <address>`. */
export function readAddresses(text: string): FoundAddresses {
  const found: InviteeEntry[] = []
  const wrong: string[] = []
  for (const part of text.split(/[,;\n]+/)) {
    const said = part.trim()
    if (!said) continue
    const named = /^"?([^"<]*?)"?\s*<([^<>]+)>$/.exec(said)
    const several = named ? [said] : said.split(/\s+/)
    const addresses = several.length > 1 && several.every(one => ADDRESS.test(one)) ? several : [said]
    for (const one of addresses) {
      const email = (named?.[2] ?? one).trim()
      if (!ADDRESS.test(email)) {
        wrong.push(one)
        continue
      }
      const words = (named?.[1] ?? '').trim().split(/\s+/).filter(Boolean)
      const lastName = words.length > 1 ? (words.pop() ?? '') : ''
      found.push({ email, firstName: words.join(' '), lastName, role: 'participant', locale: '' })
    }
  }
  return { found, wrong }
}

/** Invitees with others added; people who are among them already stay as they are. */
export function withInvitees(
  present: readonly InviteeEntry[],
  added: readonly InviteeEntry[],
): InviteeEntry[] {
  const all = new Map(present.map(one => [one.email.toLowerCase(), one]))
  for (const one of added) if (!all.has(one.email.toLowerCase())) all.set(one.email.toLowerCase(), one)
  return [...all.values()]
}
