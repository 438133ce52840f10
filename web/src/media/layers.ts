import type { Layer, SentLayer } from '../signalling/messages'

const LAYERS: readonly SentLayer[] = ['low', 'medium', 'high']
const LAYER_OF_RID: Record<string, SentLayer> = { h: 'high', m: 'medium', l: 'low' }

/** The largest layer that is sent of a camera until the server says which one is looked at. */
export const LAYER_AT_FIRST: SentLayer = 'medium'

/** Encodings of the camera, largest first (rids h, m, l), of which the largest waits to be asked for. */
export const CAMERA_ENCODINGS: readonly RTCRtpEncodingParameters[] = upTo(LAYER_AT_FIRST, [
  { rid: 'h', maxBitrate: 1_200_000 },
  { rid: 'm', maxBitrate: 400_000, scaleResolutionDownBy: 2 },
  { rid: 'l', maxBitrate: 130_000, scaleResolutionDownBy: 4 },
])

/** The same encodings, active up to `layer`. Encoding a layer costs four times as much as the one below it. */
export function upTo(
  layer: SentLayer,
  encodings: readonly RTCRtpEncodingParameters[],
): RTCRtpEncodingParameters[] {
  return encodings.map(encoding => ({
    ...encoding,
    active: LAYERS.indexOf(LAYER_OF_RID[encoding.rid ?? ''] ?? 'low') <= LAYERS.indexOf(layer),
  }))
}

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
