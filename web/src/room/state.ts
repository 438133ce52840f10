import type {
  ChatMessage,
  EndReason,
  EverybodyAction,
  Joined,
  LeftReason,
  MediaState,
  ModeratorAction,
  Participant,
  Permissions,
  Room,
  ServerMessage,
  Spectators,
  SpectatorsMessage,
  WaitingPerson,
} from '../signalling/messages'
import { sameNames } from './names'

/** State of a room as its page needs it. `reduce` makes the next one of each event, without side effects. */
export interface RoomState {
  phase: 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'ended'
  /** Reason for the end of the stay; `left` when the person ended it themselves. */
  end: EndReason | 'left' | 'refused' | null
  /** The server's code, when `end` is `refused`. */
  refusal: { code: string; details: Record<string, string> } | null
  room: Room | null
  self: Participant | null
  permissions: Permissions
  /** Name of the moderator who has just changed the permissions; the next message brings the new ones. */
  permittedBy: string | null
  /** In the order in which they came. */
  participants: readonly Participant[]
  spectators: Spectators
  /** People to be let in, for moderators. */
  waiting: readonly WaitingPerson[]
  /** Set once one has had to wait oneself: whether somebody is inside who may let one in. */
  waited: { moderatorPresent: boolean } | null
  /** Numbers, by id, that tell apart the participants, oneself included, who share their names with others. */
  numbers: ReadonlyMap<string, number>
  chat: readonly ChatMessage[]
  unread: number
  speaking: ReadonlySet<string>
  mediaAvailable: boolean
  /** Whether the server can record. */
  canRecord: boolean
  /** Latest notices, for people who hear the page; numbered so that repetitions are noticed. */
  notices: readonly Notice[]
}

export type NoticeKind =
  | { kind: 'joined' | 'hand' | 'sharing' | 'waiting'; name: string }
  | { kind: 'left'; name: string; reason: LeftReason }
  | { kind: 'chat'; message: ChatMessage }
  | { kind: 'moderated'; action: ModeratorAction; byName: string }
  | { kind: 'permitted'; byName: string; given: readonly Change[]; taken: readonly Change[] }
  | { kind: 'everybody'; action: EverybodyAction; byName: string; isConcerned: boolean }
  | { kind: 'rules'; byName: string; given: readonly Grant[]; taken: readonly Grant[] }
  | { kind: 'locked' | 'unlocked' | 'recorded' | 'unrecorded'; byName: string }
  | { kind: 'failed'; code: string }
  | { kind: 'reconnecting' | 'reconnected' | 'media-away' | 'media-back' }

/** Permissions that moderators give and take. */
export const GRANTS = ['voice', 'video', 'screen', 'chat'] as const
export type Grant = (typeof GRANTS)[number]
const CHANGES = [...GRANTS, 'promote'] as const
type Change = (typeof CHANGES)[number]

/** Media that are switched off where a permission is taken away, by permission; null for none. */
const SOURCES = { voice: 'microphone', video: 'camera', screen: 'screen', chat: null } as const

export type Notice = NoticeKind & { number: number }

export type RoomEvent =
  | ServerMessage
  | { type: 'phase'; phase: RoomState['phase'] }
  | { type: 'refused'; code: string; details: Record<string, string> }
  | { type: 'over'; reason: EndReason | 'left' }
  | { type: 'chat.read' }
  | { type: 'failed'; code: string }
  | { type: 'self.media'; media: MediaState }

const NOTHING: Permissions = {
  voice: false,
  video: false,
  screen: false,
  chat: false,
  chatBroadcast: false,
  promote: false,
}

export const INITIAL_STATE: RoomState = {
  phase: 'connecting',
  end: null,
  refusal: null,
  room: null,
  self: null,
  permissions: NOTHING,
  permittedBy: null,
  participants: [],
  spectators: { count: 0 },
  waiting: [],
  waited: null,
  numbers: new Map(),
  chat: [],
  unread: 0,
  speaking: new Set(),
  mediaAvailable: true,
  canRecord: false,
  notices: [],
}

/** Numbers of the people with sound or pictures, and of those who watch them; oneself included. */
export function counts({
  participants,
  self,
  spectators,
}: Pick<RoomState, 'participants' | 'self' | 'spectators'>): { active: number; watching: number } {
  const active = participants.filter(({ isSpectator }) => !isSpectator).length
  return { active: active + (self && !self.isSpectator ? 1 : 0), watching: spectators.count }
}

/** People who are missing: `everybody`, `presenters` where there are only people who watch, `listed` where
 * only people one does not see in the videos are here; null when there is somebody to meet, or to let in. */
export function missing(state: RoomState): 'everybody' | 'presenters' | 'listed' | null {
  const { participants, self, waiting } = state
  if (participants.some(({ isSpectator }) => !isSpectator) || waiting.length) return null
  const others = counts(state).watching - (self?.isSpectator ? 1 : 0)
  if (others <= 0) return 'everybody'
  return self?.isSpectator ? 'presenters' : 'listed'
}

const NOTICES_KEPT = 30
const CHAT_KEPT = 500

export function reduce(state: RoomState, event: RoomEvent): RoomState {
  const next = changed(state, event)
  const same = next.participants === state.participants && next.self === state.self
  return same || haveSameNames(state, next) ? next : { ...next, numbers: sameNames(next) }
}

function haveSameNames(before: RoomState, after: RoomState): boolean {
  if (before.participants.length !== after.participants.length) return false
  if (before.self?.displayName !== after.self?.displayName) return false
  return after.participants.every((one, at) => {
    const known = before.participants[at]
    return known === one || (known?.id === one.id && known.displayName === one.displayName)
  })
}

function changed(state: RoomState, event: RoomEvent): RoomState {
  switch (event.type) {
    case 'joined':
      return joined(state, event)
    case 'waiting':
      return { ...state, waited: { moderatorPresent: event.moderatorPresent } }
    case 'waiting.updated':
      return waitingChanged(state, event.waiting)
    case 'participant.joined':
      return arrived(state, event.participant)
    case 'participant.updated':
      return updated(state, event.participant)
    case 'participants.updated':
      return event.participants.reduce(updated, state)
    case 'everybody':
      return doneToAll(state, event.action, event.byName)
    case 'participant.left':
      return left(state, event.participantId, event.reason)
    case 'self.updated':
      return permitted(state, {
        ...state,
        self: event.self,
        permissions: event.permissions,
        permittedBy: null,
        waiting: event.permissions.promote ? state.waiting : [],
      })
    case 'self.media':
      return state.self ? { ...state, self: { ...state.self, ...event.media } } : state
    case 'moderated':
      if (event.action === 'permissions') return { ...state, permittedBy: event.byName }
      return noticed(state, { kind: 'moderated', action: event.action, byName: event.byName })
    case 'spectators':
      return { ...state, spectators: spectatorsChanged(state.spectators, event) }
    case 'speaking':
      return speaking(state, event.participantId, event.speaking)
    case 'chat':
      return chatted(state, event.message)
    case 'failed':
      return noticed(state, { kind: 'failed', code: event.code })
    case 'chat.read':
      return state.unread ? { ...state, unread: 0 } : state
    case 'media.available':
      if (event.available === state.mediaAvailable) return state
      return noticed(
        { ...state, mediaAvailable: event.available },
        { kind: event.available ? 'media-back' : 'media-away' },
      )
    case 'room.updated':
      return roomChanged(state, event.room, event.byName ?? null)
    case 'media.reset':
      return { ...state, mediaAvailable: true }
    case 'phase':
      return phaseChanged(state, event.phase)
    case 'refused':
      return {
        ...state,
        phase: 'ended',
        end: 'refused',
        refusal: { code: event.code, details: event.details },
      }
    case 'over':
      return { ...state, phase: 'ended', end: event.reason }
    default:
      return state
  }
}

function joined(state: RoomState, message: Joined): RoomState {
  const missed = message.chat.filter(({ id }) => !state.chat.some(known => known.id === id))
  const again = state.room !== null
  const { id } = message.self
  return {
    ...state,
    phase: 'connected',
    room: message.room,
    self: message.self,
    permissions: message.permissions,
    permittedBy: null,
    participants: message.participants.filter(participant => participant.id !== id),
    spectators: message.spectators,
    waiting: message.waiting ?? [],
    chat: again ? [...state.chat, ...missed].slice(-CHAT_KEPT) : message.chat,
    unread: again ? state.unread + missed.filter(({ from }) => from !== id).length : 0,
    speaking: new Set(),
    mediaAvailable: message.mediaAvailable,
    canRecord: message.canRecord,
  }
}

function permitted(before: RoomState, state: RoomState): RoomState {
  const byName = before.permittedBy
  if (byName === null) return state
  const different = CHANGES.filter(change => before.permissions[change] !== state.permissions[change])
  const given = different.filter(change => state.permissions[change])
  const taken = different.filter(change => !state.permissions[change])
  return different.length ? noticed(state, { kind: 'permitted', byName, given, taken }) : state
}

function arrived(state: RoomState, participant: Participant): RoomState {
  if (participant.id === state.self?.id) return state
  const known = state.participants.some(({ id }) => id === participant.id)
  const others = state.participants.filter(({ id }) => id !== participant.id)
  const next = { ...state, participants: [...others, participant] }
  return known || participant.isSpectator
    ? next
    : noticed(next, { kind: 'joined', name: participant.displayName })
}

function updated(state: RoomState, participant: Participant): RoomState {
  const before = state.participants.find(({ id }) => id === participant.id)
  if (!before) return arrived(state, participant)
  const participants = state.participants.map(known => (known === before ? participant : known))
  const next = { ...state, participants }
  const name = participant.displayName
  if (participant.handRaisedAt && !before.handRaisedAt) return noticed(next, { kind: 'hand', name })
  if (participant.screen && !before.screen) return noticed(next, { kind: 'sharing', name })
  return next
}

/** State after an action on everybody, of which the server sends one message rather than one for each. */
function doneToAll(state: RoomState, action: EverybodyAction, byName: string): RoomState {
  const { self } = state
  const isConcerned =
    action === 'mute' ? Boolean(self?.microphone && !self.isModerator) : Boolean(self?.handRaisedAt)
  const change = (one: Participant): Participant => {
    if (action === 'lower-hand') return one.handRaisedAt ? { ...one, handRaisedAt: null } : one
    return one.microphone && !one.isModerator ? { ...one, microphone: false } : one
  }
  const next = { ...state, self: self && change(self), participants: state.participants.map(change) }
  return noticed(action === 'mute' ? onlyModeratorsSpeak(next) : next, {
    kind: 'everybody',
    action,
    byName,
    isConcerned,
  })
}

function onlyModeratorsSpeak(state: RoomState): RoomState {
  const people = state.self ? [...state.participants, state.self] : state.participants
  const speaks = people.filter(({ id, isModerator }) => isModerator && state.speaking.has(id))
  return { ...state, speaking: new Set(speaks.map(({ id }) => id)) }
}

/** State after a change of the room. Media that are newly forbidden are off for all but moderators; the
 * server sends no message for each of them. */
function roomChanged(state: RoomState, room: Room, byName: string | null): RoomState {
  const before = state.room
  const taken = GRANTS.filter(one => room.forbidden.includes(one) && !before?.forbidden.includes(one))
  const given = GRANTS.filter(one => !room.forbidden.includes(one) && before?.forbidden.includes(one))
  const off = Object.fromEntries(
    taken.flatMap(grant => (SOURCES[grant] ? [[SOURCES[grant], false] as const] : [])),
  )
  const change = (one: Participant): Participant => (one.isModerator ? one : { ...one, ...off })
  let next: RoomState = { ...state, room }
  if (Object.keys(off).length) {
    next = { ...next, self: state.self && change(state.self), participants: state.participants.map(change) }
  }
  if (taken.includes('voice')) next = onlyModeratorsSpeak(next)
  if (byName === null) return next
  if (given.length || taken.length) next = noticed(next, { kind: 'rules', byName, given, taken })
  if (before && before.locked !== room.locked) {
    next = noticed(next, { kind: room.locked ? 'locked' : 'unlocked', byName })
  }
  if (before && before.toBeRecorded !== room.toBeRecorded) {
    next = noticed(next, { kind: room.toBeRecorded ? 'recorded' : 'unrecorded', byName })
  }
  return next
}

function left(state: RoomState, id: string, reason: LeftReason): RoomState {
  const gone = state.participants.find(participant => participant.id === id)
  if (!gone) return state
  const participants = state.participants.filter(participant => participant !== gone)
  const next = speaking({ ...state, participants }, id, false)
  return gone.isSpectator ? next : noticed(next, { kind: 'left', name: gone.displayName, reason })
}

function spectatorsChanged(
  { list: known }: Spectators,
  { count, list, joined, left }: SpectatorsMessage,
): Spectators {
  if (list || (!joined && !left)) return { count, list }
  const gone = new Set([...(left ?? []), ...(joined ?? []).map(({ id }) => id)])
  return { count, list: [...(known ?? []).filter(({ id }) => !gone.has(id)), ...(joined ?? [])] }
}

function speaking(state: RoomState, id: string, on: boolean): RoomState {
  if (state.speaking.has(id) === on) return state
  const next = new Set(state.speaking)
  if (on) next.add(id)
  else next.delete(id)
  return { ...state, speaking: next }
}

function waitingChanged(state: RoomState, waiting: readonly WaitingPerson[]): RoomState {
  const fresh = waiting.filter(({ id }) => !state.waiting.some(known => known.id === id))
  return fresh.reduce<RoomState>(
    (next, { displayName }) => noticed(next, { kind: 'waiting', name: displayName }),
    { ...state, waiting },
  )
}

function chatted(state: RoomState, message: ChatMessage): RoomState {
  if (state.chat.some(({ id }) => id === message.id)) return state
  const next = { ...state, chat: [...state.chat, message].slice(-CHAT_KEPT) }
  if (message.from === state.self?.id) return next
  return noticed({ ...next, unread: state.unread + 1 }, { kind: 'chat', message })
}

function phaseChanged(state: RoomState, phase: RoomState['phase']): RoomState {
  if (phase === state.phase || state.phase === 'ended') return state
  const next = { ...state, phase }
  if (phase === 'reconnecting') return noticed(next, { kind: 'reconnecting' })
  if (phase === 'connected' && state.phase === 'reconnecting') return noticed(next, { kind: 'reconnected' })
  return next
}

function noticed(state: RoomState, notice: NoticeKind): RoomState {
  const number = (state.notices.at(-1)?.number ?? 0) + 1
  return { ...state, notices: [...state.notices, { ...notice, number }].slice(-NOTICES_KEPT) }
}
