import { withToken } from './account'
import { callClient, type Schemas } from './client'

/** One time that a meeting takes place. */
export type AgendaEntry = Schemas['AgendaEntry']
/** A meeting with all that can be changed about it, at one of its times. */
export type ScheduledMeeting = Schemas['ScheduledMeeting']
export type MeetingWish = Schemas['MeetingWish']
export type Repetition = Schemas['Repetition']
export type InviteeWish = Schemas['InviteeWish']
export type Invitee = Schemas['InviteeAnswer']
export type MeetingSummary = Schemas['SummaryAnswer']
export type RecordingEntry = Schemas['RecordingEntry']

/** A time to list, of oneself or of everybody; times are RFC 3339. */
export interface AgendaSpan {
  from: string
  to?: string
  ofEverybody: boolean
  limit: number
  offset?: number
}

/** The code of what is refused because somebody else has changed it in between. */
export const CHANGED_MEANWHILE = 'changed_meanwhile'

/** All of these reject with a SignallingError, or an ApiError when signed out. */

export function agenda(span: AgendaSpan): Promise<Schemas['AgendaAnswer']> {
  return withToken(accessToken => callClient('/client/meetings/list', { accessToken, ...span }))
}

export function readMeeting(id: string): Promise<ScheduledMeeting> {
  return withToken(accessToken => callClient('/client/meetings/read', { accessToken, id }))
}

export function createMeeting(meeting: MeetingWish): Promise<ScheduledMeeting> {
  return withToken(accessToken => callClient('/client/meetings/create', { accessToken, meeting }))
}

/** `seen` is the meeting as it was when somebody began to change it. */
export function changeMeeting(
  seen: ScheduledMeeting,
  ofSeries: boolean,
  meeting: MeetingWish,
): Promise<ScheduledMeeting> {
  const { id, sequence } = seen
  return withToken(accessToken =>
    callClient('/client/meetings/change', { accessToken, id, sequence, ofSeries, meeting }),
  )
}

export async function cancelMeeting(
  seen: ScheduledMeeting,
  ofSeries: boolean,
  reason: string,
): Promise<void> {
  const { id, sequence } = seen
  await withToken(accessToken =>
    callClient('/client/meetings/cancel', { accessToken, id, sequence, ofSeries, reason }),
  )
}

export function closeMeeting(id: string): Promise<ScheduledMeeting> {
  return withToken(accessToken => callClient('/client/meetings/close', { accessToken, id }))
}

export function meetingSummary(
  id: string,
  peopleOffset: number,
  chatOffset: number,
): Promise<MeetingSummary> {
  return withToken(accessToken =>
    callClient('/client/meetings/summary', { accessToken, id, peopleOffset, chatOffset }),
  )
}

/** A recording, and the meeting or the room that it is of. */
export type ListedRecording = Schemas['ListedRecording']
export type RecordingPlace = Schemas['RecordingPlace']

/** The meeting or the room whose recordings are meant, or neither. */
export interface RecordingsOf {
  meetingId?: string
  roomId?: string
}

/** A page of recordings, the newest first. */
export function listRecordings(
  ofEverybody: boolean,
  of: RecordingsOf,
  after: RecordingPlace | undefined,
): Promise<Schemas['RecordingsAnswer']> {
  return withToken(accessToken =>
    callClient('/client/recordings/list', { accessToken, ofEverybody, ...of, ...(after && { after }) }),
  )
}

export async function deleteRecording(id: string): Promise<void> {
  await withToken(accessToken => callClient('/client/recordings/delete', { accessToken, id }))
}

/** Whether meetings can be recorded on this server. */
export async function canRecord(): Promise<boolean> {
  const terms = await withToken(accessToken => callClient('/client/meetings/terms', { accessToken }))
  return terms.canRecord
}

/** Address at which a calendar program reads the meetings of the person signed in. */
export async function feedAddress(isRenewed = false): Promise<string> {
  const { path } = await withToken(accessToken =>
    callClient('/client/meetings/feed', { accessToken, isRenewed }),
  )
  return new URL(path, window.location.href).href
}

/** Person of the organization who can be invited. */
export interface Findable {
  id: string
  name: string
  email: string
}

/** People of the organization with the term in their names, a few. Only for users who may list people. */
export async function findPeople(term: string): Promise<Findable[]> {
  const { people } = await withToken(accessToken =>
    callClient('/client/people', { accessToken, term, state: 'active' }),
  )
  return people
    .filter(({ email }) => email)
    .slice(0, MOST_FOUND)
    .map(({ id, firstName, lastName, username, email }) => ({
      id,
      name: [firstName, lastName].filter(Boolean).join(' ') || username,
      email,
    }))
}

const MOST_FOUND = 8
