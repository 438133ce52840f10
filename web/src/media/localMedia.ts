import { log } from '../log'
import { Store } from '../ui/store'
import { captureProblem, type DeviceProblem, deviceProblem, screenProblem } from './problems'
import { loadSettings, saveSettings } from './settings'

export interface LocalMediaState {
  microphone: MediaStreamTrack | null
  camera: MediaStreamTrack | null
  screen: MediaStreamTrack | null
  screenAudio: MediaStreamTrack | null
  /** Whether the microphone is heard; its track stays open while muted. */
  microphoneOn: boolean
  /** Devices that the browser is being asked for just now. */
  asking: { microphone: boolean; camera: boolean }
  problems: { microphone: DeviceProblem | null; camera: DeviceProblem | null; screen: DeviceProblem | null }
  /** The problems that one has been told of and need not be told again. */
  dismissed: ReadonlySet<keyof LocalMediaState['problems']>
  devices: MediaDeviceInfo[]
  chosen: { microphone: string; camera: string; speaker: string }
}

type Capture = 'microphone' | 'camera'

const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
const VIDEO: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
}

const exactly = (deviceId: string): MediaTrackConstraints =>
  deviceId ? { deviceId: { ideal: deviceId } } : {}

/** The devices of this browser: tracks are opened here, and stopped here when they are switched off. */
export class LocalMedia {
  readonly state: Store<LocalMediaState>
  private disposed = false

  constructor() {
    const { microphone, camera, speaker } = loadSettings()
    this.state = new Store<LocalMediaState>({
      microphone: null,
      camera: null,
      screen: null,
      screenAudio: null,
      microphoneOn: false,
      asking: { microphone: false, camera: false },
      problems: { microphone: null, camera: null, screen: null },
      dismissed: new Set(),
      devices: [],
      chosen: { microphone, camera, speaker },
    })
    navigator.mediaDevices?.addEventListener?.('devicechange', this.devicesChanged)
  }

  /** Opens microphone and camera together, so that the browser asks once. What fails is in `problems`. */
  async open(wish: { microphone: boolean; camera: boolean }): Promise<void> {
    if (!wish.microphone && !wish.camera) return this.listDevices()
    const missing = captureProblem()
    if (missing) {
      this.setProblems({ microphone: missing, camera: missing })
      return
    }
    if (wish.microphone && wish.camera) {
      this.state.update({ asking: { microphone: true, camera: true } })
      try {
        this.adopt(await this.capture({ audio: this.audio(), video: this.video() }))
        this.state.update({ asking: { microphone: false, camera: false } })
        return this.listDevices()
      } catch (error) {
        log.info('camera and microphone together:', error)
        this.state.update({ asking: { microphone: false, camera: false } })
        if (deviceProblem(error) === 'denied' && (await this.bothDenied())) {
          this.setProblems({ microphone: 'denied', camera: 'denied' })
          return this.listDevices()
        }
      }
    }
    // One at a time: one of the two may well work.
    if (wish.microphone) await this.openOne('microphone')
    if (wish.camera) await this.openOne('camera')
  }

  async setMicrophone(on: boolean): Promise<boolean> {
    const { microphone } = this.state.get()
    if (on && !microphone) return this.openOne('microphone')
    if (microphone) microphone.enabled = on
    this.state.update({ microphoneOn: on })
    return true
  }

  /** Off stops the track, so that the camera's light goes out. */
  async setCamera(on: boolean): Promise<boolean> {
    const { camera } = this.state.get()
    if (on) return camera ? true : this.openOne('camera')
    camera?.stop()
    this.state.update({ camera: null })
    return true
  }

  /** Asks which screen to show. False when the person thought better of it. */
  async startScreen(): Promise<boolean> {
    const missing = screenProblem()
    if (missing) {
      this.setProblems({ screen: missing })
      return false
    }
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 30 } },
        audio: true,
      })
      const [screen = null] = stream.getVideoTracks()
      const [screenAudio = null] = stream.getAudioTracks()
      if (screen) {
        screen.contentHint = 'detail'
        screen.addEventListener('ended', () => this.stopScreen(screen))
      }
      this.setProblems({ screen: null })
      this.state.update({ screen, screenAudio })
      return screen !== null
    } catch (error) {
      const problem = deviceProblem(error)
      // Closing the browser's chooser is not a problem to report.
      this.setProblems({ screen: problem === 'denied' ? null : problem })
      return false
    }
  }

  stopScreen(only?: MediaStreamTrack): void {
    const { screen, screenAudio } = this.state.get()
    if (only && only !== screen) return
    screen?.stop()
    screenAudio?.stop()
    this.state.update({ screen: null, screenAudio: null })
  }

  async chooseDevice(kind: Capture | 'speaker', deviceId: string): Promise<void> {
    const { chosen, camera, microphone } = this.state.get()
    this.state.update({ chosen: { ...chosen, [kind]: deviceId } })
    saveSettings({ [kind]: deviceId })
    if (kind === 'camera' && camera) await this.openOne('camera')
    if (kind === 'microphone' && microphone) await this.openOne('microphone')
  }

  readonly listDevices = async (): Promise<void> => {
    const devices = await navigator.mediaDevices?.enumerateDevices?.()
    // Before the permission is given the browser lists devices without ids, which nobody can choose from.
    if (devices) this.state.update({ devices: devices.filter(device => device.deviceId !== '') })
  }

  dispose(): void {
    this.disposed = true
    navigator.mediaDevices?.removeEventListener?.('devicechange', this.devicesChanged)
    const { microphone, camera, screen, screenAudio } = this.state.get()
    for (const track of [microphone, camera, screen, screenAudio]) track?.stop()
    this.state.update({
      microphone: null,
      camera: null,
      screen: null,
      screenAudio: null,
      microphoneOn: false,
    })
  }

  private audio(): MediaTrackConstraints {
    return { ...AUDIO, ...exactly(this.state.get().chosen.microphone) }
  }

  private video(): MediaTrackConstraints {
    return { ...VIDEO, ...exactly(this.state.get().chosen.camera) }
  }

  private async openOne(kind: Capture): Promise<boolean> {
    const missing = captureProblem()
    if (missing) {
      this.setProblems({ [kind]: missing })
      return false
    }
    const { asking } = this.state.get()
    this.state.update({ asking: { ...asking, [kind]: true } })
    try {
      const stream = await this.capture(kind === 'camera' ? { video: this.video() } : { audio: this.audio() })
      const wasMuted = kind === 'microphone' && this.state.get().microphone && !this.state.get().microphoneOn
      this.adopt(stream)
      if (wasMuted) await this.setMicrophone(false)
      return true
    } catch (error) {
      log.warning(kind, error)
      this.setProblems({ [kind]: deviceProblem(error) })
      return false
    } finally {
      this.state.update({ asking: { ...this.state.get().asking, [kind]: false } })
      await this.listDevices()
    }
  }

  private capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
    return navigator.mediaDevices.getUserMedia(constraints)
  }

  private adopt(stream: MediaStream): void {
    if (this.disposed) {
      for (const track of stream.getTracks()) track.stop()
      return
    }
    const before = this.state.get()
    const [microphone] = stream.getAudioTracks()
    const [camera] = stream.getVideoTracks()
    const change: Partial<LocalMediaState> = {}
    if (microphone) {
      before.microphone?.stop()
      microphone.contentHint = 'speech'
      microphone.addEventListener('ended', () => this.trackEnded('microphone', microphone))
      Object.assign(change, { microphone, microphoneOn: true })
    }
    if (camera) {
      before.camera?.stop()
      camera.contentHint = 'motion'
      camera.addEventListener('ended', () => this.trackEnded('camera', camera))
      change.camera = camera
    }
    this.state.update(change)
    this.setProblems({ ...(microphone && { microphone: null }), ...(camera && { camera: null }) })
  }

  /** A device was pulled out, or its permission taken back: go on with another one if there is any. */
  private trackEnded(kind: Capture, track: MediaStreamTrack): void {
    const state = this.state.get()
    if (state[kind] !== track) return
    const heard = kind === 'microphone' ? state.microphoneOn : true
    this.state.update(kind === 'microphone' ? { microphone: null, microphoneOn: false } : { camera: null })
    if (heard) void this.openOne(kind)
  }

  private readonly devicesChanged = (): void => void this.listDevices()

  /** All problems there are now have been read. What is tried again and fails is told again. */
  dismissProblems(): void {
    const { problems, dismissed } = this.state.get()
    const kinds = (['microphone', 'camera', 'screen'] as const).filter(kind => problems[kind])
    this.state.update({ dismissed: new Set([...dismissed, ...kinds]) })
  }

  private setProblems(change: Partial<LocalMediaState['problems']>): void {
    const { problems, dismissed } = this.state.get()
    this.state.update({
      problems: { ...problems, ...change },
      dismissed: new Set([...dismissed].filter(kind => !(kind in change))),
    })
  }

  /** True unless the browser tells that only one of the two is forbidden. */
  private async bothDenied(): Promise<boolean> {
    try {
      const names = ['camera', 'microphone'] as PermissionName[]
      const [camera, microphone] = await Promise.all(
        names.map(async name => (await navigator.permissions.query({ name })).state),
      )
      return (camera === 'denied') === (microphone === 'denied')
    } catch {
      return true
    }
  }
}
