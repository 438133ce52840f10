/** Reason why a camera, microphone or screen is not there, in words the pages have sentences for. */
export type DeviceProblem = 'insecure' | 'unsupported' | 'none' | 'denied' | 'busy' | 'failed'

/** Thrown by the browser as a DOMException; the names are of Media Capture and Streams, section 10.2. */
export function deviceProblem(error: unknown): DeviceProblem {
  const name = error instanceof Error ? error.name : ''
  switch (name) {
    case 'NotFoundError':
    case 'OverconstrainedError':
    case 'DevicesNotFoundError':
      return 'none'
    case 'NotAllowedError':
    case 'SecurityError':
    case 'PermissionDeniedError':
      return 'denied'
    case 'NotReadableError':
    case 'AbortError':
    case 'TrackStartError':
      return 'busy'
    default:
      return 'failed'
  }
}

/** Problem that stands in the way before any device is asked for; null without one. */
export function captureProblem(): DeviceProblem | null {
  if (!window.isSecureContext) return 'insecure'
  return navigator.mediaDevices ? null : 'unsupported'
}

export function screenProblem(): DeviceProblem | null {
  if (!window.isSecureContext) return 'insecure'
  return canShareScreen() ? null : 'unsupported'
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function'
}
