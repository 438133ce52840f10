import type { Layer } from '../signalling/messages'

/** What is sent of the camera: heights of the simulcast layers in pixels, largest first (rids h, m, l). */
export const CAMERA_ENCODINGS: RTCRtpEncodingParameters[] = [
  { rid: 'h', maxBitrate: 1_200_000 },
  { rid: 'm', maxBitrate: 400_000, scaleResolutionDownBy: 2 },
  { rid: 'l', maxBitrate: 130_000, scaleResolutionDownBy: 4 },
]

const LOW_HEIGHT = 180
const MEDIUM_HEIGHT = 360
/** A layer is still good enough for a tile this much larger than it. */
const STRETCH = 1.25

/**
 * The smallest layer that looks sharp in a tile.
 *
 * @param height of the tile in CSS pixels
 * @param pixelRatio device pixels for each of them; a ratio over 2 is not worth its bandwidth
 */
export function layerFor(height: number, pixelRatio: number): Layer {
  if (height <= 0) return 'off'
  const pixels = height * Math.min(pixelRatio, 2)
  if (pixels <= LOW_HEIGHT * STRETCH) return 'low'
  if (pixels <= MEDIUM_HEIGHT * STRETCH) return 'medium'
  return 'high'
}
