import type { Layer, VideoSource, Want } from '../signalling/messages'

const SETTLE = 120

/** The video this page wishes for, told to the server as a whole when it has settled for a moment. */
export class VideoWants {
  private readonly layers = new Map<string, Want>()
  private told = ''
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly tell: (streams: Want[]) => void) {}

  set(participantId: string, source: VideoSource, layer: Layer): void {
    const key = `${participantId}/${source}`
    if ((this.layers.get(key)?.layer ?? 'off') === layer) return
    if (layer === 'off') this.layers.delete(key)
    else this.layers.set(key, { participantId, source, layer })
    this.timer ??= setTimeout(() => this.flush(), SETTLE)
  }

  forget(participantId: string): void {
    this.set(participantId, 'camera', 'off')
    this.set(participantId, 'screen', 'off')
  }

  /** Tells at once, and only what has changed since it was last told. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const streams = [...this.layers.values()]
    const telling = JSON.stringify(streams)
    if (telling === this.told) return
    this.told = telling
    this.tell(streams)
  }

  /** The server forgot: tell it everything again. */
  repeat(): void {
    this.told = ''
    this.flush()
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
