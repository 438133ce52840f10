import { log } from '../log'
import type { Source, SubscribeOffer } from '../signalling/messages'

export type TrackKey = `${string}/${Source}`

export const trackKey = (participantId: string, source: Source): TrackKey => `${participantId}/${source}`

/** One generation of the peer connection on which this browser receives. The server offers, this side answers. */
export class SubscribeConnection {
  readonly pc: RTCPeerConnection
  private newest = 0
  private pending: Promise<void> = Promise.resolve()

  constructor(
    readonly generation: number,
    iceServers: RTCIceServer[],
    private readonly onTracks: (tracks: ReadonlyMap<TrackKey, MediaStreamTrack>) => void,
  ) {
    this.pc = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' })
  }

  /** Applies an offer and gives the answer to `answer`; an offer that a newer one has overtaken is passed over. */
  take(offer: SubscribeOffer, answer: (sdp: string) => void): void {
    this.newest = Math.max(this.newest, offer.negotiation)
    this.pending = this.pending
      .then(() => this.apply(offer, answer))
      .catch((error: unknown) => log.error('subscribe', offer.negotiation, error))
  }

  close(): void {
    this.pc.onicecandidate = null
    this.pc.onconnectionstatechange = null
    this.pc.close()
  }

  private async apply(offer: SubscribeOffer, answer: (sdp: string) => void): Promise<void> {
    if (offer.negotiation < this.newest || this.pc.signalingState === 'closed') return
    await this.pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp })
    await this.pc.setLocalDescription(await this.pc.createAnswer())
    answer(this.pc.localDescription?.sdp ?? '')
    this.publishTracks(offer)
  }

  private publishTracks(offer: SubscribeOffer): void {
    const receivers = new Map(this.pc.getTransceivers().map(({ mid, receiver }) => [mid, receiver]))
    const tracks = new Map<TrackKey, MediaStreamTrack>()
    for (const { mid, participantId, source } of offer.streams) {
      const track = receivers.get(mid)?.track
      if (track) tracks.set(trackKey(participantId, source), track)
    }
    this.onTracks(tracks)
  }
}
