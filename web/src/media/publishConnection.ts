import type { Permissions, SentLayer, Source, StreamLine } from '../signalling/messages'
import { CAMERA_ENCODINGS, upTo } from './layers'
import { withOpusOptions } from './opus'

type Kind = 'audio' | 'video'

/** The media lines, always these and in this order. */
const LINES: readonly { source: Source; kind: Kind; permission: keyof Permissions }[] = [
  { source: 'microphone', kind: 'audio', permission: 'voice' },
  { source: 'camera', kind: 'video', permission: 'video' },
  { source: 'screen', kind: 'video', permission: 'screen' },
  { source: 'screen-audio', kind: 'audio', permission: 'screen' },
]

const SCREEN_BITRATE = 2_500_000

export type Tracks = Partial<Record<Source, MediaStreamTrack | null>>

function encodings(source: Source): RTCRtpEncodingParameters[] | undefined {
  if (source === 'camera') return CAMERA_ENCODINGS.map(encoding => ({ ...encoding }))
  if (source === 'screen') return [{ maxBitrate: SCREEN_BITRATE }]
  return undefined
}

/** The peer connection on which this browser sends: four lines, filled and emptied by `replaceTrack`. */
export class PublishConnection {
  readonly pc: RTCPeerConnection
  private readonly transceivers = new Map<Source, RTCRtpTransceiver>()
  private pending: Promise<void> = Promise.resolve()
  private layering: Promise<void> = Promise.resolve()

  constructor(tracks: Tracks) {
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    for (const { source, kind } of LINES) {
      const transceiver = this.pc.addTransceiver(tracks[source] ?? kind, {
        direction: 'sendonly',
        sendEncodings: encodings(source),
      })
      this.transceivers.set(source, transceiver)
    }
  }

  /** Does the work of a first offer (certificate, codecs, threads) before anybody waits for it. */
  async warmUp(): Promise<void> {
    await this.pc.createOffer()
  }

  setIceServers(iceServers: RTCIceServer[]): void {
    this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers })
  }

  /** Sends `track` on the line of `source`, or nothing. */
  async setTrack(source: Source, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.transceivers.get(source)?.sender
    if (sender && sender.track !== track) await sender.replaceTrack(track)
  }

  /** Sends the camera's layers up to `layer` and none above: nobody looks at those. */
  setLayer(layer: SentLayer): Promise<void> {
    // Parameters that were read of a sender may be set once only, so changes follow one another.
    this.layering = this.layering
      .catch(() => undefined)
      .then(async () => {
        const sender = this.transceivers.get('camera')?.sender
        if (!sender || this.pc.signalingState === 'closed') return
        const parameters = sender.getParameters()
        await sender.setParameters({ ...parameters, encodings: upTo(layer, parameters.encodings) })
      })
    return this.layering
  }

  /**
   * Offers the lines that `permissions` allow, and applies the answer that `exchange` brings.
   * Negotiations follow one another, never overlap.
   */
  negotiate(
    permissions: Permissions,
    exchange: (sdp: string, streams: StreamLine[]) => Promise<string>,
  ): Promise<void> {
    const next = this.pending
      .catch(() => undefined)
      .then(async () => {
        for (const { source, permission } of LINES) {
          const transceiver = this.transceivers.get(source)
          if (transceiver) transceiver.direction = permissions[permission] ? 'sendonly' : 'inactive'
        }
        await this.pc.setLocalDescription(await this.pc.createOffer())
        const sdp = this.pc.localDescription?.sdp ?? ''
        const answer = await exchange(withOpusOptions(sdp), this.streams())
        await this.pc.setRemoteDescription({ type: 'answer', sdp: withOpusOptions(answer) })
      })
    this.pending = next
    return next
  }

  close(): void {
    this.pc.onicecandidate = null
    this.pc.onconnectionstatechange = null
    this.pc.close()
  }

  private streams(): StreamLine[] {
    return LINES.flatMap(({ source }) => {
      const mid = this.transceivers.get(source)?.mid
      return mid ? [{ mid, source }] : []
    })
  }
}
