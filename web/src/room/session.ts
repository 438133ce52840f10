import { log } from '../log'
import { layerFor } from '../media/layers'
import type { LocalMedia, LocalMediaState } from '../media/localMedia'
import type { PublishConnection, Tracks } from '../media/publishConnection'
import { RoomMedia, visibleAtFirst } from '../media/roomMedia'
import { RoomConnection } from '../signalling/connection'
import type {
  ClientRequest,
  EverybodyAction,
  Joined,
  MediaState,
  ModeratorAction,
  Participant,
  Permissions,
  RemovedPerson,
  ServerMessage,
} from '../signalling/messages'
import { SignallingError, type SignallingSocket } from '../signalling/socket'
import { Store } from '../ui/store'
import { gridLayout, TILE_GAP } from './gridLayout'
import { INITIAL_STATE, type RoomEvent, type RoomState, reduce } from './state'

export interface SessionOptions {
  roomId: string
  displayName: string
  locale: string
  token: (renewed: boolean) => Promise<string>
  local: LocalMedia
  /** Made ready before the click, both optional. */
  socket?: SignallingSocket
  publish: PublishConnection | null
}

/** Longest time that drawing the room waits for the first sound and pictures, in milliseconds. */
const ENTERED_AFTER = 250

const NO_MEDIA: MediaState = { microphone: false, camera: false, screen: false }

/** One stay in a room: keeps the connection, the media and the state together, and does what the buttons say. */
export class RoomSession {
  readonly state = new Store<RoomState>(INITIAL_STATE)
  /**
   * Whether to draw the room. Drawing it keeps a browser busy, so it begins when the connection that brings
   * everybody's sound and pictures has been agreed on, and goes on while that is being made.
   */
  readonly entered = new Store(false)
  /** Id of the participant whom the person at this page wants to see large or first. */
  readonly pinned = new Store<string | null>(null)
  readonly media: RoomMedia
  readonly local: LocalMedia
  readonly displayName: string

  private readonly connection: RoomConnection
  private readonly stopFollowingLocal: () => void
  /** Media that the server was last told to be on. */
  private told: MediaState = NO_MEDIA
  private lastLocal: LocalMediaState
  /** Media that were on when the person was asked whether they may be recorded, and so went off. */
  private withheld: MediaState = NO_MEDIA
  /** Whether the hand is up as far as its owner and the moderators are concerned. */
  private handIsUp = false

  constructor(options: SessionOptions) {
    this.local = options.local
    this.displayName = options.displayName
    this.lastLocal = options.local.state.get()
    this.connection = new RoomConnection(
      { ...options, media: () => this.wishedMedia() },
      {
        phase: phase => this.dispatch({ type: 'phase', phase }),
        joined: joined => this.joined(joined),
        message: message => this.received(message),
        refused: ({ code, details }) => this.over({ type: 'refused', code, details }),
        ended: reason => this.over({ type: 'over', reason }),
      },
    )
    this.media = new RoomMedia(
      this.connection,
      () => this.tracks(),
      options.publish,
      () => this.entered.set(true),
    )
    this.stopFollowingLocal = this.local.state.subscribe(() => this.localChanged())
    this.told = this.wishedMedia()
    window.addEventListener('pagehide', this.pageClosed)
    this.connection.start(options.socket)
  }

  leave(): void {
    if (this.state.get().phase === 'ended') return
    this.connection.leave()
    this.over({ type: 'over', reason: 'left' })
  }

  async toggleMicrophone(): Promise<void> {
    if (this.state.get().permissions.voice)
      await this.local.setMicrophone(!this.local.state.get().microphoneOn)
  }

  async toggleCamera(): Promise<void> {
    if (this.state.get().permissions.video) await this.local.setCamera(!this.local.state.get().camera)
  }

  async toggleScreen(): Promise<void> {
    if (this.local.state.get().screen) this.local.stopScreen()
    else if (this.state.get().permissions.screen) await this.local.startScreen()
  }

  async toggleHand(): Promise<void> {
    const raised = !this.state.get().self?.handRaisedAt
    // Lowered even if the server does not hear of it; raised once it has.
    if (!raised) this.handIsUp = false
    await this.request({ type: 'hand', raised })
  }

  /** `to` is a participant's id for a private message. Rejects with a SignallingError. */
  async sendChat(text: string, recipient: { to?: string; broadcast?: boolean }): Promise<void> {
    await this.connection.request({ type: 'chat', text, ...recipient })
  }

  /** Pins somebody's tile for oneself, or no longer. */
  togglePin(participantId: string): void {
    this.pinned.set(this.pinned.get() === participantId ? null : participantId)
  }

  moderate(participantId: string, action: ModeratorAction | 'remove'): Promise<void> {
    return this.request({ type: 'moderate', participantId, action })
  }

  permit(participantId: string, permissions: Partial<Permissions>): Promise<void> {
    return this.request({ type: 'permit', participantId, permissions })
  }

  promote(participantId: string, moderator: boolean): Promise<void> {
    return this.request({ type: 'promote', participantId, moderator })
  }

  moderateAll(action: EverybodyAction): Promise<void> {
    return this.request({ type: 'moderate-all', action })
  }

  permitAll(permissions: Partial<Permissions>): Promise<void> {
    return this.request({ type: 'permit-all', permissions })
  }

  lock(locked: boolean): Promise<void> {
    return this.request({ type: 'lock', locked })
  }

  /** Ends the session for everybody, oneself included: it is over before it is answered. */
  endForAll(): void {
    this.connection.request({ type: 'end' }).catch((error: unknown) => {
      if (this.state.get().phase !== 'ended') {
        this.dispatch({ type: 'failed', code: error instanceof SignallingError ? error.code : 'unanswered' })
      }
    })
  }

  /** People who were put out and are kept out, the last first. Rejects with a SignallingError. */
  async removedPeople(): Promise<RemovedPerson[]> {
    const answer = await this.connection.request({ type: 'removed' })
    return answer.type === 'removed' ? answer.people : []
  }

  /** Lets somebody back who was put out. Rejects with a SignallingError. */
  async readmit(userId: string): Promise<void> {
    await this.connection.request({ type: 'readmit', userId })
  }

  startRecording(): Promise<void> {
    return this.request({ type: 'recording.start' })
  }

  stopRecording(): Promise<void> {
    return this.request({ type: 'recording.stop' })
  }

  /** Says whether the person agrees to be recorded. What went off for the question comes on again if they do. */
  async answerRecording(agrees: boolean): Promise<void> {
    await this.request({ type: 'recording.answer', agrees })
    const { self, permissions } = this.state.get()
    // What the server has not heard is said again.
    if (self?.consent === 'asked') return
    const { microphone, camera } = this.withheld
    this.withheld = NO_MEDIA
    if (!agrees || self?.consent !== 'agreed') return
    // The browser may ask for the devices again, and nobody has to answer it.
    if (microphone && permissions.voice) void this.local.setMicrophone(true)
    if (camera && permissions.video) void this.local.setCamera(true)
  }

  admit(participantId: string): Promise<void> {
    return this.request({ type: 'admit', participantId })
  }

  admitAll(): Promise<void> {
    return this.request({ type: 'admit-all' })
  }

  /** Turns somebody away who waits. */
  deny(participantId: string): Promise<void> {
    return this.request({ type: 'deny', participantId })
  }

  readChat(): void {
    this.dispatch({ type: 'chat.read' })
  }

  /** Says goodbye, so that nobody waits a minute for somebody who closed the page. */
  private readonly pageClosed = (): void => this.leave()

  private dispatch(event: RoomEvent): void {
    this.state.set(reduce(this.state.get(), event))
  }

  private joined(joined: Joined): void {
    const { self } = joined
    this.withholds(self)
    if (joined.resumed) {
      // Media that were on when last told and are off now have been switched off by a moderator meanwhile.
      if (this.told.microphone && !self.microphone) void this.local.setMicrophone(false)
      if (this.told.camera && !self.camera) void this.local.setCamera(false)
      if (this.told.screen && !self.screen) this.local.stopScreen()
    }
    this.told = { microphone: self.microphone, camera: self.camera, screen: self.screen }
    this.media.joined(joined)
    if (!this.state.get().room) this.wantAtFirst(joined)
    this.dispatch(joined)
    this.enforce(joined.permissions)
    this.tellMedia()
    this.handBack(joined)
    const isAlone = !joined.participants.some(({ isSpectator }) => !isSpectator)
    if (isAlone || !joined.mediaAvailable) this.entered.set(true)
    else window.setTimeout(() => this.entered.set(true), ENTERED_AFTER)
  }

  /** Raises the hand again where the server knows nothing of it any more. */
  private handBack({ resumed, self }: Joined): void {
    if (!resumed && this.handIsUp && !self.isSpectator) {
      this.connection
        .request({ type: 'hand', raised: true })
        .catch((error: unknown) => log.warning('hand', error))
    } else {
      this.handIsUp = Boolean(self.handRaisedAt)
    }
  }

  /** Wants those who will be on the screen before it is drawn; the tiles correct it when they are laid out. */
  private wantAtFirst({ participants }: Joined): void {
    const count = participants.filter(({ isSpectator }) => !isSpectator).length + 1
    const layout = gridLayout(count, window.innerWidth, window.innerHeight - 120)
    const inView = Math.ceil(window.innerHeight / (layout.height + TILE_GAP)) * layout.columns
    const layer = layerFor(layout.height, window.devicePixelRatio)
    for (const { id } of visibleAtFirst(participants, inView)) this.media.wants.set(id, 'camera', layer)
    const sharer = participants.findLast(({ screen }) => screen)
    if (sharer) this.media.wants.set(sharer.id, 'screen', 'high')
    this.media.wants.flush()
  }

  private wantArrival({ id, isSpectator }: Participant): void {
    const count = this.state.get().participants.length + 2
    const layout = gridLayout(count, window.innerWidth, window.innerHeight - 120)
    if (isSpectator || layout.scrolls) return
    this.media.wants.set(id, 'camera', layerFor(layout.height, window.devicePixelRatio))
    this.media.wants.flush()
  }

  private received(message: ServerMessage): void {
    switch (message.type) {
      case 'subscribe.offer':
        return this.media.offered(message)
      case 'publish.layer':
        return this.media.looksAt(message.layer)
      case 'media.reset':
        this.media.reset()
        break
      case 'media.available':
        this.media.availabilityChanged(message.available)
        break
      case 'participant.joined':
        this.wantArrival(message.participant)
        break
      case 'participant.left':
        this.media.wants.forget(message.participantId)
        if (this.pinned.get() === message.participantId) this.pinned.set(null)
        break
      case 'self.updated':
        this.handIsUp = Boolean(message.self.handRaisedAt)
        this.withholds(message.self)
        this.media.permissionsChanged(message.permissions)
        this.enforce(message.permissions)
        break
      case 'moderated':
        if (message.action === 'mute') this.mute()
        if (message.action === 'stop-video') {
          this.withheld = { ...this.withheld, camera: false }
          void this.local.setCamera(false)
        }
        if (message.action === 'stop-screen') this.local.stopScreen()
        break
      case 'everybody':
        this.doneToAll(message.action)
        break
      case 'error':
        log.warning('server', message.code, message.message)
        if (message.code === 'recording_unavailable') this.dispatch({ type: 'failed', code: message.code })
        break
    }
    this.dispatch(message)
  }

  private doneToAll(action: EverybodyAction): void {
    if (action === 'lower-hand') this.handIsUp = false
    else if (!this.state.get().self?.isModerator) {
      this.told = { ...this.told, microphone: false }
      this.mute()
    }
  }

  /** Switches the microphone off for a moderator: no answer to the question to be recorded brings it back. */
  private mute(): void {
    this.withheld = { ...this.withheld, microphone: false }
    void this.local.setMicrophone(false)
  }

  /** Remembers what goes off because the person is asked now whether they may be recorded. */
  private withholds({ consent }: Participant): void {
    if (consent === 'asked' && this.state.get().self?.consent !== 'asked') this.withheld = this.wishedMedia()
  }

  /** The same of a device that was still being opened when the question came. */
  private withholdsAlso({ microphone, camera }: MediaState): void {
    this.withheld = {
      ...this.withheld,
      microphone: this.withheld.microphone || microphone,
      camera: this.withheld.camera || camera,
    }
  }

  /** Switches off what is not allowed any more: the server does not forward it, and no light should be on. */
  private enforce({ voice, video, screen }: Permissions): void {
    const { microphoneOn, camera, screen: shown } = this.local.state.get()
    if (!voice && microphoneOn) void this.local.setMicrophone(false)
    if (!video && camera) void this.local.setCamera(false)
    if (!screen && shown) this.local.stopScreen()
  }

  private tracks(): Tracks {
    const { microphone, microphoneOn, camera, screen, screenAudio } = this.local.state.get()
    return { microphone: microphoneOn ? microphone : null, camera, screen, 'screen-audio': screenAudio }
  }

  private wishedMedia(): MediaState {
    const { microphoneOn, camera, screen } = this.local.state.get()
    return { microphone: microphoneOn, camera: camera !== null, screen: screen !== null }
  }

  private localChanged(): void {
    const before = this.lastLocal
    const now = this.local.state.get()
    this.lastLocal = now
    const { phase, room, self, permissions } = this.state.get()
    if (phase === 'ended') return
    // A device that was asked for before may be open only now that it is not allowed any more.
    if (room) {
      if (self?.consent === 'asked') this.withholdsAlso(this.wishedMedia())
      this.enforce(permissions)
    }
    const changed =
      before.microphone !== now.microphone ||
      before.microphoneOn !== now.microphoneOn ||
      before.camera !== now.camera ||
      before.screen !== now.screen ||
      before.screenAudio !== now.screenAudio
    if (!changed) return
    const tracks = this.tracks()
    this.media.setTrack('microphone', tracks.microphone ?? null)
    this.media.setTrack('camera', tracks.camera ?? null)
    this.media.setTrack('screen', tracks.screen ?? null)
    this.media.setTrack('screen-audio', tracks['screen-audio'] ?? null)
    this.tellMedia()
  }

  private tellMedia(): void {
    if (!this.connection.isConnected || !this.state.get().room) return
    const wished = this.wishedMedia()
    const { voice, video, screen } = this.state.get().permissions
    const media = {
      microphone: wished.microphone && voice,
      camera: wished.camera && video,
      screen: wished.screen && screen,
    }
    const { told } = this
    const same =
      media.microphone === told.microphone && media.camera === told.camera && media.screen === told.screen
    if (same) return
    this.told = media
    this.dispatch({ type: 'self.media', media })
    this.connection.request({ type: 'media', ...media }).catch((error: unknown) => {
      if (error instanceof SignallingError && error.code === 'not_allowed') {
        this.enforce(this.state.get().permissions)
      }
      log.warning('media', error)
    })
  }

  private async request(message: ClientRequest): Promise<void> {
    try {
      await this.connection.request(message)
    } catch (error) {
      log.warning(message.type, error)
      this.dispatch({ type: 'failed', code: error instanceof SignallingError ? error.code : 'unanswered' })
    }
  }

  private over(event: RoomEvent): void {
    window.removeEventListener('pagehide', this.pageClosed)
    this.stopFollowingLocal()
    this.media.close()
    this.dispatch(event)
  }
}
