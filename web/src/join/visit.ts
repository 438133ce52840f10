import type { ReactNode } from 'react'
import { log } from '../log'
import type { LocalMedia } from '../media/localMedia'
import { PublishConnection } from '../media/publishConnection'
import type { Invitation } from '../room/InviteDialog'
import { RoomSession } from '../room/session'
import { WarmSocket } from '../signalling/warmSocket'

/** The room someone is about to enter, whichever way they came. */
export interface Destination {
  roomId: string
  roomName: string | null
  companyName: string | null
  /** Address at which the organization says what it does with what people tell it. */
  privacyLink?: string
  /** The name that is already settled, by a guest link or an account. */
  fixedName: string | null
  /** Whether a name has to be given: a token may already carry one. */
  asksName: boolean
  validUntil: string | null
  /** A name to begin with, of an invitation. */
  givenName?: string
  /** Whether one comes to listen, and uses neither camera nor microphone. */
  listens?: boolean
  /** Whether a moderator has to let one in. */
  waits?: boolean
  /** Facts to be known before going in, below the room's name. */
  facts?: ReactNode
  agenda?: string
  /** Means by which others can be invited from inside. */
  invitation?: Invitation
  /** The access token under this name. Rejects with a SignallingError. */
  token: (displayName: string, renewed: boolean) => Promise<string>
  /** Whether `token` may be called ahead of the click. */
  fetchesAhead: boolean
}

/** Preparation of what can be made ready before the click on "join": socket, peer connection and token. */
export class Preparation {
  private readonly socket = new WarmSocket()
  private publish: PublishConnection | null = null

  constructor(private readonly destination: Destination) {}

  begin(): void {
    this.socket.renew()
    if (this.destination.listens || !('RTCPeerConnection' in window)) return
    this.publish ??= new PublishConnection({})
    this.publish.warmUp().catch((error: unknown) => log.warning('first offer', error))
  }

  /** The person seems about to join. */
  readonly approach = (displayName: string): void => {
    this.socket.renew()
    if (this.destination.fetchesAhead && displayName) {
      // A refusal comes again, and is shown, when the person really joins.
      this.destination.token(displayName, false).catch((error: unknown) => log.info('token ahead', error))
    }
  }

  join(displayName: string, locale: string, local: LocalMedia): RoomSession {
    const session = new RoomSession({
      roomId: this.destination.roomId,
      displayName,
      locale,
      token: renewed => this.destination.token(displayName, renewed),
      local,
      socket: this.socket.take(),
      publish: this.publish,
    })
    this.publish = null
    return session
  }

  drop(): void {
    this.socket.drop()
    this.publish?.close()
    this.publish = null
  }
}
