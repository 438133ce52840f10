import { log } from '../log'
import type { RoomConnection } from '../signalling/connection'
import type {
  Joined,
  Participant,
  PeerConnectionName,
  Permissions,
  SentLayer,
  Source,
  StreamLine,
  SubscribeOffer,
} from '../signalling/messages'
import { Store } from '../ui/store'
import { PublishConnection, type Tracks } from './publishConnection'
import { SubscribeConnection, type TrackKey } from './subscribeConnection'
import { VideoWants } from './wants'
import { watch } from './watchdog'

const SHORTEST_PAUSE = 500
const LONGEST_PAUSE = 5_000

type RemoteTracks = ReadonlyMap<TrackKey, MediaStreamTrack>

/** The two peer connections of one stay in a room, rebuilt whenever they break. */
export class RoomMedia {
  readonly remote = new Store<RemoteTracks>(new Map())
  readonly wants: VideoWants

  private publish: PublishConnection | null
  private subscribe: SubscribeConnection | null = null
  private stopWatchingPublish = () => {}
  private stopWatchingSubscribe = () => {}
  private iceServers: RTCIceServer[] = []
  private permissions: Permissions | null = null
  private available = false
  private negotiated = false
  private publishPause = 0
  private publishTimer = 0
  private subscribePause = 0
  private subscribeTimer = 0
  private closed = false

  constructor(
    private readonly connection: RoomConnection,
    private readonly tracks: () => Tracks,
    prepared: PublishConnection | null,
    /** Called whenever an offer to receive has been answered. */
    private readonly onAnswered: () => void = () => {},
  ) {
    this.publish = prepared
    this.wants = new VideoWants(streams => connection.send({ type: 'want', streams }))
  }

  /** After a join or a resumption: what still works is kept, the rest is built anew. */
  joined({ iceServers, permissions, mediaAvailable, resumed }: Joined): void {
    this.iceServers = iceServers
    this.permissions = permissions
    this.available = mediaAvailable
    if (!mediaAvailable) return
    if (this.negotiated && !resumed) {
      // A new participant to the server, which knows nothing of the connections there were.
      this.reset()
      return
    }
    if (!this.negotiated || this.publish?.pc.connectionState !== 'connected') this.renewPublish()
    if (this.subscribe && this.subscribe.pc.connectionState !== 'connected') this.restartSubscribe('resumed')
    if (resumed) this.wants.repeat()
  }

  permissionsChanged(permissions: Permissions): void {
    const before = this.permissions
    this.permissions = permissions
    const same =
      before?.voice === permissions.voice &&
      before.video === permissions.video &&
      before.screen === permissions.screen
    if (same || !this.available) return
    if (this.publish && this.negotiated) void this.negotiate(this.publish, false)
    else this.renewPublish()
  }

  availabilityChanged(available: boolean): void {
    const returned = available && !this.available
    this.available = available
    if (returned) this.reset()
  }

  /** The media server lost everything. */
  reset(): void {
    this.available = true
    this.closeSubscribe()
    this.renewPublish()
    this.wants.repeat()
  }

  setTrack(source: Source, track: MediaStreamTrack | null): void {
    this.publish?.setTrack(source, track).catch((error: unknown) => log.error(source, error))
  }

  /** Tells how much of the camera anybody looks at. */
  looksAt(layer: SentLayer): void {
    this.publish?.setLayer(layer).catch((error: unknown) => log.error('layer', layer, error))
  }

  offered(offer: SubscribeOffer): void {
    if (this.subscribe && offer.generation < this.subscribe.generation) return
    if (!this.subscribe || offer.generation > this.subscribe.generation) {
      this.closeSubscribe()
      this.subscribe = this.openSubscribe(offer.generation)
    }
    this.subscribe.take(offer, sdp => {
      this.connection.send({ type: 'subscribe.answer', negotiation: offer.negotiation, sdp })
      this.onAnswered()
    })
  }

  close(): void {
    this.closed = true
    this.wants.stop()
    this.closePublish()
    this.closeSubscribe()
  }

  /** Builds the publish connection, or takes the one prepared before the join. */
  private renewPublish(): void {
    window.clearTimeout(this.publishTimer)
    const { permissions } = this
    if (this.negotiated) this.closePublish()
    if (!permissions || !(permissions.voice || permissions.video || permissions.screen)) {
      this.closePublish()
      return
    }
    const restart = this.negotiated
    const publish = this.publish ?? new PublishConnection(this.tracks())
    this.publish = publish
    publish.setIceServers(this.iceServers)
    this.trickle(publish.pc, 'publish')
    for (const [source, track] of Object.entries(this.tracks())) {
      this.setTrack(source as Source, track ?? null)
    }
    this.stopWatchingPublish = watch(publish.pc, why => this.publishBroke(why))
    publish.pc.addEventListener('connectionstatechange', () => {
      if (publish.pc.connectionState === 'connected') this.publishPause = 0
    })
    this.negotiated = true
    void this.negotiate(publish, restart)
  }

  private async negotiate(publish: PublishConnection, restart: boolean): Promise<void> {
    const exchange = async (sdp: string, streams: StreamLine[]) => {
      const answer = await this.connection.request({
        type: 'publish',
        sdp,
        streams,
        ...(restart && { restart }),
      })
      if (answer.type !== 'published') throw new Error(`${answer.type} is no answer to publish`)
      return answer.sdp
    }
    try {
      if (this.permissions) await publish.negotiate(this.permissions, exchange)
    } catch (error) {
      if (this.publish === publish) this.publishBroke(error)
    }
  }

  private publishBroke(why: unknown): void {
    if (this.closed || !this.connection.isConnected || !this.available) return
    log.warning('publish connection:', why)
    this.stopWatchingPublish()
    window.clearTimeout(this.publishTimer)
    this.publishTimer = window.setTimeout(() => {
      if (this.connection.isConnected && this.available) this.renewPublish()
    }, this.publishPause)
    this.publishPause = Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, this.publishPause * 2))
  }

  private openSubscribe(generation: number): SubscribeConnection {
    const subscribe = new SubscribeConnection(generation, this.iceServers, tracks => {
      if (this.subscribe === subscribe) this.remote.set(tracks)
    })
    this.trickle(subscribe.pc, 'subscribe', generation)
    this.stopWatchingSubscribe = watch(subscribe.pc, why => this.restartSubscribe(why))
    subscribe.pc.addEventListener('connectionstatechange', () => {
      if (subscribe.pc.connectionState === 'connected') this.subscribePause = 0
    })
    return subscribe
  }

  private restartSubscribe(why: string): void {
    if (this.closed || !this.connection.isConnected || !this.available) return
    log.warning('subscribe connection:', why)
    this.stopWatchingSubscribe()
    window.clearTimeout(this.subscribeTimer)
    const { subscribe } = this
    this.subscribeTimer = window.setTimeout(() => {
      // Unless the server has made a new one by itself meanwhile.
      if (this.subscribe === subscribe) this.connection.send({ type: 'subscribe.restart' })
    }, this.subscribePause)
    this.subscribePause = Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, this.subscribePause * 2))
  }

  private trickle(pc: RTCPeerConnection, name: PeerConnectionName, generation?: number): void {
    pc.onicecandidate = ({ candidate }) =>
      this.connection.send({
        type: 'candidate',
        pc: name,
        ...(generation !== undefined && { generation }),
        candidate: candidate?.toJSON() ?? null,
      })
  }

  private closePublish(): void {
    this.stopWatchingPublish()
    window.clearTimeout(this.publishTimer)
    this.publish?.close()
    this.publish = null
  }

  private closeSubscribe(): void {
    this.stopWatchingSubscribe()
    window.clearTimeout(this.subscribeTimer)
    this.subscribe?.close()
    this.subscribe = null
    this.remote.set(new Map())
  }
}

/** People whose camera is worth wanting before their tiles have been laid out. */
export function visibleAtFirst(participants: readonly Participant[], limit: number): Participant[] {
  return participants.filter(participant => !participant.isSpectator).slice(0, limit)
}
