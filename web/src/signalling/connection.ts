import { log } from '../log'
import { browserId } from './browserId'
import type {
  ClientNotice,
  ClientRequest,
  EndReason,
  Joined,
  MediaState,
  ServerMessage,
  Waiting,
} from './messages'
import {
  closing,
  FIRST_JOIN_LIMIT,
  JOIN_LIMIT,
  mayRetry,
  OPEN_LIMIT,
  PING_INTERVAL,
  PINGS_UNANSWERED,
  PROBE_LIMIT,
  RESUME_LIMIT,
  retryPause,
} from './reconnection'
import { SignallingError, SignallingSocket } from './socket'

/** Before this side knows who is there: as many faces as a screen shows well, sharp enough until they are laid out. */
const FIRST_WANT = { cameras: 9, layer: 'medium' } as const

export type ConnectionPhase = 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'ended'

export interface ConnectionEvents {
  phase(phase: ConnectionPhase): void
  /** Also after every reconnection. */
  joined(joined: Joined): void
  message(message: ServerMessage): void
  /** The server does not let this person in, or cannot be reached for the first join. */
  refused(error: SignallingError): void
  ended(reason: EndReason): void
}

export interface ConnectionOptions {
  roomId: string
  displayName: string
  locale: string
  media: () => MediaState
  /** The access token; `renewed` asks for one that was made just now. */
  token: (renewed: boolean) => Promise<string>
}

/**
 * One person's lasting connection to a room: joins, pings, notices when the connection is lost, and resumes it
 * until the server says that it is over.
 */
export class RoomConnection {
  private phase: ConnectionPhase = 'connecting'
  private socket: SignallingSocket | null = null
  private resume: string | undefined
  private letIn: string | undefined
  /** Whether the server has ever taken this person in, if only to wait. */
  private known = false
  private attempts = 0
  private renewedToken = false
  private readonly startedAt = performance.now()
  private unanswered = 0
  private pingTimer = 0
  private retryTimer = 0
  private probeTimer = 0

  constructor(
    private readonly options: ConnectionOptions,
    private readonly events: ConnectionEvents,
  ) {}

  /** Begins to join, on `socket` if one was opened beforehand. */
  start(socket?: SignallingSocket): void {
    window.addEventListener('online', this.networkReturned)
    window.addEventListener('offline', this.probe)
    document.addEventListener('visibilitychange', this.pageShown)
    void this.attempt(socket)
  }

  get isConnected(): boolean {
    return this.phase === 'connected'
  }

  /** Whether there is a connection that the server answers on. */
  private get isAlive(): boolean {
    return this.phase === 'connected' || this.phase === 'waiting'
  }

  send(message: ClientNotice): void {
    if (this.isConnected) this.socket?.send(message)
  }

  /** Rejects with a SignallingError when the server refuses or the connection is lost meanwhile. */
  request(message: ClientRequest): Promise<ServerMessage> {
    if (!this.socket || !this.isConnected) {
      return Promise.reject(new SignallingError('unreachable', 'the connection is lost'))
    }
    return this.socket.request(message)
  }

  leave(): void {
    if (this.isAlive) this.socket?.send({ type: 'leave' })
    this.finish()
  }

  private finish(): void {
    this.setPhase('ended')
    this.stopTimers()
    this.socket?.drop()
    this.socket = null
    window.removeEventListener('online', this.networkReturned)
    window.removeEventListener('offline', this.probe)
    document.removeEventListener('visibilitychange', this.pageShown)
  }

  private setPhase(phase: ConnectionPhase): void {
    if (phase === this.phase) return
    log.info('connection', phase)
    this.phase = phase
    this.events.phase(phase)
  }

  private async attempt(warm?: SignallingSocket): Promise<void> {
    const socket = warm?.isUsable ? warm : new SignallingSocket()
    this.socket = socket
    socket.onMessage = message => this.receive(socket, message)
    socket.onClose = code => this.closed(socket, code)
    try {
      const [token] = await Promise.all([this.options.token(this.renewedToken), socket.opened(OPEN_LIMIT)])
      const answer = await socket.request(
        {
          type: 'join',
          token,
          roomId: this.options.roomId,
          displayName: this.options.displayName || undefined,
          resume: this.resume,
          letIn: this.letIn,
          browser: browserId(),
          locale: this.options.locale,
          media: this.options.media(),
          want: FIRST_WANT,
        },
        this.resume ? RESUME_LIMIT : JOIN_LIMIT,
      )
      if (this.socket !== socket) return
      if (answer.type === 'joined') this.joined(answer)
      else if (answer.type === 'waiting') this.waits(answer)
    } catch (error) {
      if (this.socket === socket) this.attemptFailed(error)
    }
  }

  private joined(joined: Joined): void {
    this.resume = joined.resume
    this.letIn = joined.letIn ?? undefined
    this.answered('connected')
    this.events.joined(joined)
  }

  private waits(waiting: Waiting): void {
    this.answered('waiting')
    this.events.message(waiting)
  }

  private answered(phase: 'connected' | 'waiting'): void {
    this.known = true
    this.attempts = 0
    this.renewedToken = false
    this.unanswered = 0
    window.clearInterval(this.pingTimer)
    this.pingTimer = window.setInterval(() => this.ping(), PING_INTERVAL)
    this.setPhase(phase)
  }

  private attemptFailed(error: unknown): void {
    this.socket?.drop()
    this.socket = null
    const refusal =
      error instanceof SignallingError ? error : new SignallingError('unreachable', 'the attempt failed')
    log.info('attempt failed', refusal.code, refusal.message)
    const gaveUp = !this.known && performance.now() - this.startedAt > FIRST_JOIN_LIMIT
    // A token kept from before may have been signed by a server that has another key now.
    const isStale = refusal.code === 'token_expired' || (!this.known && refusal.code === 'token_invalid')
    if (isStale && !this.renewedToken) {
      this.renewedToken = true
      this.retry()
    } else if (mayRetry(refusal.code) && !gaveUp) {
      this.retry()
    } else {
      this.finish()
      this.events.refused(refusal)
    }
  }

  private retry(): void {
    const pause = retryPause(this.attempts++)
    this.retryTimer = window.setTimeout(() => void this.attempt(), pause)
  }

  private receive(socket: SignallingSocket, message: ServerMessage): void {
    if (this.socket !== socket) return
    this.unanswered = 0
    window.clearTimeout(this.probeTimer)
    this.probeTimer = 0
    if (message.type === 'pong') return
    if (message.type === 'ended') {
      this.finish()
      this.events.ended(message.reason)
      return
    }
    if (message.type === 'joined') return this.joined(message)
    this.events.message(message)
  }

  private closed(socket: SignallingSocket, code: number): void {
    if (this.socket !== socket || !this.isAlive) return
    const meaning = closing(code)
    if (meaning === 'lost') return this.lost()
    this.finish()
    if (meaning === 'refused') this.events.refused(new SignallingError('not_allowed', 'the server closed'))
    else this.events.ended(meaning === 'left' ? 'removed' : meaning)
  }

  private ping(): void {
    if (this.unanswered >= PINGS_UNANSWERED) return this.lost()
    this.unanswered++
    this.socket?.send({ type: 'ping' })
  }

  private lost(): void {
    this.stopTimers()
    this.socket?.drop()
    this.socket = null
    this.attempts = 0
    this.setPhase('reconnecting')
    this.retry()
  }

  private stopTimers(): void {
    window.clearInterval(this.pingTimer)
    window.clearTimeout(this.retryTimer)
    window.clearTimeout(this.probeTimer)
    this.probeTimer = 0
  }

  private readonly networkReturned = (): void => {
    if (this.isAlive) return this.probe()
    if (this.socket?.isOpen) return
    window.clearTimeout(this.retryTimer)
    this.socket?.drop()
    this.attempts = 0
    void this.attempt()
  }

  /** Asks for a sign of life now, rather than at the next ping. */
  private readonly probe = (): void => {
    if (!this.isAlive || this.probeTimer) return
    this.socket?.send({ type: 'ping' })
    this.probeTimer = window.setTimeout(() => this.lost(), PROBE_LIMIT)
  }

  private readonly pageShown = (): void => {
    if (document.visibilityState !== 'visible') return
    if (this.phase === 'reconnecting') this.networkReturned()
    else this.probe()
  }
}
