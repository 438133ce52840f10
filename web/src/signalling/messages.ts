/** The messages of docs/signalling.md, under the names they have there. */

import type { components } from '../api/openapi'

export type Source = 'microphone' | 'camera' | 'screen' | 'screen-audio'
export type VideoSource = 'camera' | 'screen'
export type SentLayer = 'low' | 'medium' | 'high'
export type Layer = SentLayer | 'off'
export type PeerConnectionName = 'publish' | 'subscribe'

export interface Permissions {
  voice: boolean
  video: boolean
  screen: boolean
  chat: boolean
  chatBroadcast: boolean
  promote: boolean
}

export interface MediaState {
  microphone: boolean
  camera: boolean
  screen: boolean
}

export interface Participant extends MediaState {
  id: string
  userId: string
  displayName: string
  isGuest: boolean
  isModerator: boolean
  isSpectator: boolean
  handRaisedAt?: string | null
  state: 'connected' | 'reconnecting'
  /** Only moderators and the person themselves are told. */
  permissions?: Permissions | null
  /** Consent to be recorded, of somebody who is asked; only moderators and the person themselves are told. */
  consent?: 'asked' | 'agreed' | 'declined' | null
}

export interface ChatMessage {
  id: string
  kind: 'room' | 'private' | 'broadcast'
  from: string
  fromName: string
  to?: string | null
  toName?: string | null
  text: string
  at: string
}

export interface Spectator {
  id: string
  displayName: string
}

export interface Spectators {
  count: number
  /** Only moderators are told who they are. */
  list?: Spectator[] | null
}

/** Number of spectators now; for moderators with all of them, or with those who have come and gone. */
export interface SpectatorsMessage extends Spectators {
  type: 'spectators'
  joined?: Spectator[]
  left?: string[]
}

/** Its type is made from the server's (`conference/messages.py`). */
export type Room = components['schemas']['RoomInfo']

export interface Joined {
  type: 'joined'
  id: string
  participantId: string
  resume: string
  resumed: boolean
  room: Room
  participants: Participant[]
  self: Participant
  permissions: Permissions
  spectators: Spectators
  chat: ChatMessage[]
  iceServers: RTCIceServer[]
  mediaAvailable: boolean
  /** Whether the server has a place for recordings. */
  canRecord: boolean
  /** Only moderators are told. */
  waiting?: WaitingPerson[] | null
  /** Proof that one has been let in, to be shown when the server knows nothing of it any more. */
  letIn?: string | null
}

/** Person before the room whom a moderator has to let in. */
export interface WaitingPerson {
  id: string
  displayName: string
  isGuest: boolean
  since: string
}

/** The answer to a join that a moderator has to allow first, and again when moderators come or go. */
export interface Waiting {
  type: 'waiting'
  id?: string | null
  participantId: string
  room: Room
  moderatorPresent: boolean
}

export interface StreamLine {
  mid: string
  source: Source
}

export interface SubscribedLine extends StreamLine {
  participantId: string
}

export interface SubscribeOffer {
  type: 'subscribe.offer'
  negotiation: number
  generation: number
  sdp: string
  streams: SubscribedLine[]
}

export interface ErrorMessage {
  type: 'error'
  id?: string | null
  code: string
  message: string
  details?: Record<string, string> | null
}

export type EndReason =
  | 'removed'
  | 'replaced'
  | 'room_closed'
  | 'revoked'
  | 'denied'
  | 'meeting_over'
  | 'session_over'
export type LeftReason = 'left' | 'lost' | 'removed' | 'replaced' | 'meeting_over' | 'session_over'
export type ModeratorAction = 'mute' | 'stop-video' | 'stop-screen' | 'lower-hand'
/** Action of a moderator on everybody: all but moderators are muted, or all hands are lowered. */
export type EverybodyAction = 'mute' | 'lower-hand'

/** Person who was put out, and is kept out until the time `until`. */
export interface RemovedPerson {
  userId: string
  displayName: string
  isGuest: boolean
  until: string
  byName: string
}

export type ServerMessage =
  | Joined
  | Waiting
  | ErrorMessage
  | SubscribeOffer
  | { type: 'pong' }
  | { type: 'ok'; id: string }
  | { type: 'ended'; reason: EndReason }
  | { type: 'participant.joined'; participant: Participant }
  | { type: 'participant.updated'; participant: Participant }
  | { type: 'participants.updated'; participants: Participant[] }
  | { type: 'everybody'; action: EverybodyAction; byName: string }
  | { type: 'removed'; id: string; people: RemovedPerson[] }
  | { type: 'participant.left'; participantId: string; reason: LeftReason }
  | { type: 'self.updated'; self: Participant; permissions: Permissions }
  | { type: 'waiting.updated'; waiting: WaitingPerson[] }
  | { type: 'moderated'; action: ModeratorAction | 'permissions'; byName: string }
  | SpectatorsMessage
  | { type: 'speaking'; participantId: string; speaking: boolean }
  | { type: 'chat'; message: ChatMessage }
  | { type: 'room.updated'; room: Room; byName?: string | null }
  | { type: 'media.reset'; reason: string }
  | { type: 'media.available'; available: boolean }
  | { type: 'published'; id: string; sdp: string }
  | { type: 'publish.layer'; source: 'camera'; layer: SentLayer }

export interface Want {
  participantId: string
  source: VideoSource
  layer: Layer
}

export interface JoinMessage {
  type: 'join'
  token: string
  roomId: string
  displayName?: string
  resume?: string
  letIn?: string
  browser?: string
  locale?: string
  media?: MediaState
  /** The cameras of the first so many of `participants`, wanted until the first `want`. */
  want?: { cameras: number; layer: Layer }
}

/** Messages that are answered; the socket gives them their `id`. */
export type ClientRequest =
  | JoinMessage
  | ({ type: 'media' } & MediaState)
  | { type: 'chat'; text: string; to?: string; broadcast?: boolean }
  | { type: 'hand'; raised: boolean }
  | { type: 'moderate'; participantId: string; action: ModeratorAction | 'remove' }
  | { type: 'permit'; participantId: string; permissions: Partial<Permissions> }
  | { type: 'moderate-all'; action: EverybodyAction }
  | { type: 'permit-all'; permissions: Partial<Permissions> }
  | { type: 'promote'; participantId: string; moderator: boolean }
  | { type: 'lock'; locked: boolean }
  | { type: 'end' | 'removed' | 'recording.start' | 'recording.stop' }
  | { type: 'recording.answer'; agrees: boolean }
  | { type: 'readmit'; userId: string }
  | { type: 'admit' | 'deny'; participantId: string }
  | { type: 'admit-all' }
  | { type: 'publish'; sdp: string; streams: StreamLine[]; restart?: boolean }

/** Messages nobody answers, or that are answered by a message of their own. */
export type ClientNotice =
  | { type: 'ping' }
  | { type: 'leave' }
  | {
      type: 'candidate'
      pc: PeerConnectionName
      generation?: number
      candidate: RTCIceCandidateInit | null
    }
  | { type: 'subscribe.answer'; negotiation: number; sdp: string }
  | { type: 'subscribe.restart' }
  | { type: 'want'; streams: Want[] }
