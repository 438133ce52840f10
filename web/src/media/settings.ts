/** Settings that a person made last time, kept in this browser. */
export interface Settings {
  displayName: string
  microphoneOn: boolean
  cameraOn: boolean
  microphone: string
  camera: string
  speaker: string
  /** Whether single keys do something in the room. */
  singleKeys: boolean
  /** Whether one does not see oneself beside others. */
  selfHidden: boolean
  /** Whether moderators hear that a hand is raised, or that somebody waits. */
  sounds: boolean
  /** Whether the system tells of what happens while the page is hidden. */
  notifications: boolean
}

const KEY = 'switchroom.settings'

const DEFAULTS: Settings = {
  displayName: '',
  microphoneOn: true,
  cameraOn: true,
  microphone: '',
  camera: '',
  speaker: '',
  singleKeys: true,
  selfHidden: false,
  sounds: true,
  notifications: false,
}

let bypassed = false

/** From now on nothing stored is read and nothing is stored (`--bypasssettings`). */
export function bypassSettings(): void {
  bypassed = true
}

export function loadSettings(): Settings {
  return { ...DEFAULTS, ...(bypassed ? {} : read()) }
}

export function saveSettings(change: Partial<Settings>): void {
  if (bypassed) return
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...loadSettings(), ...change }))
  } catch {
    // Storage is full or forbidden: the settings hold for this visit only.
  }
}

function read(): Partial<Settings> | null {
  try {
    const stored = localStorage.getItem(KEY)
    const value: unknown = stored ? JSON.parse(stored) : null
    return value && typeof value === 'object' ? (value as Partial<Settings>) : null
  } catch {
    return null
  }
}
