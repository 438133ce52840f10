import { withToken } from './account'
import { callClient, type Schemas } from './client'

type Answer = Schemas['MeetingAnswer']

export type MeetingKind = Schemas['OwnMeeting']['kind']

/** Meeting, as far as a person who stands before it may know it. Times are RFC 3339. */
export interface Meeting extends Required<Omit<Answer, 'state' | 'now'>> {
  state: Exclude<Answer['state'], 'unknown'>
  /** Milliseconds by which the server's clock is ahead of this one. */
  clockOffset: number
}

export interface MeetingAddress {
  number: string
  /** Key of a personal link; empty in the link for everybody else. */
  key: string
}

/** The meeting, as whoever holds the key or the access token may see it; null when there is none. Rejects with a
 * SignallingError. */
export async function meetingInfo(address: MeetingAddress, accessToken: string): Promise<Meeting | null> {
  const asked = Date.now()
  const { now, ...meeting } = await callClient('/client/meeting', { ...address, accessToken })
  if (meeting.state === 'unknown') return null
  const clockOffset = Date.parse(now) - (asked + Date.now()) / 2
  return { ...(meeting as Omit<Meeting, 'clockOffset'>), clockOffset }
}

/** A meeting that whoever is signed in organizes, at the next of its times. */
export type OwnMeeting = Schemas['OwnMeeting']

/** Own meetings: those that are on first, then in order of their start. Rejects with a SignallingError, or an
 * ApiError when signed out. */
export async function ownMeetings(): Promise<readonly OwnMeeting[]> {
  return (await withToken(accessToken => callClient('/client/meetings', { accessToken }))).meetings
}

/** Tokens of guests last twelve hours; one fetched ahead of the click is used for this long, in milliseconds. */
const USABLE = 3_600_000

const KEPT = 'switchroom.meeting'

interface Kept extends MeetingAddress {
  externalId: string
  name: string
  at: number
  token: string
}

/**
 * The access token of a guest of a meeting, fetched ahead of the click where the name is known, and again when it
 * changes.
 *
 * A guest who reloads the page, or takes another name, is the same person to the meeting as long as the tab is
 * open: one who has been let in need not wait again.
 */
export class MeetingToken {
  private readonly externalId: string
  private fetched: { name: string; at: number; token: Promise<string> } | null = null

  constructor(private readonly address: MeetingAddress) {
    const kept = readKept()
    const isSame = kept?.number === address.number && kept.key === address.key
    this.externalId = (isSame && kept.externalId) || randomId()
    if (kept && isSame) this.fetched = { name: kept.name, at: kept.at, token: Promise.resolve(kept.token) }
  }

  /** Rejects with a SignallingError. */
  get(displayName: string, renewed = false): Promise<string> {
    const { fetched, address, externalId } = this
    const usable = fetched?.name === displayName && Date.now() - fetched.at < USABLE
    if (fetched && usable && !renewed) return fetched.token
    const reply = callClient('/client/meeting/enter', { ...address, externalId, displayName })
    const next = { name: displayName, at: Date.now(), token: reply.then(({ token }) => token) }
    this.fetched = next
    next.token.then(
      token => keep({ ...address, externalId, name: next.name, at: next.at, token }),
      () => {
        if (this.fetched === next) this.fetched = null
      },
    )
    return next.token
  }
}

function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(20))]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
}

function readKept(): Kept | null {
  try {
    return JSON.parse(window.sessionStorage.getItem(KEPT) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

function keep(kept: Kept): void {
  try {
    window.sessionStorage.setItem(KEPT, JSON.stringify(kept))
  } catch {
    // A browser that keeps nothing: the guest is a new one after a reload.
  }
}
