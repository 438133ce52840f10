import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Want } from '../signalling/messages'
import { CAMERA_ENCODINGS, layerFor, upTo } from './layers'
import { VideoWants } from './wants'

describe('the layer of a tile', () => {
  it.each([
    [0, 1, 'off'],
    [90, 1, 'low'],
    [180, 1, 'low'],
    [180, 2, 'medium'],
    [300, 1, 'medium'],
    [600, 1, 'high'],
    [150, 4, 'medium'],
  ])('%i pixels high at ratio %i is %s', (height, ratio, layer) => {
    expect(layerFor(height, ratio)).toBe(layer)
  })

  it('rids go from the largest to the smallest, as the server expects them', () => {
    expect(CAMERA_ENCODINGS.map(encoding => encoding.rid)).toEqual(['h', 'm', 'l'])
    expect(CAMERA_ENCODINGS.map(encoding => encoding.scaleResolutionDownBy ?? 1)).toEqual([1, 2, 4])
  })

  it.each([
    ['low', [false, false, true]],
    ['medium', [false, true, true]],
    ['high', [true, true, true]],
  ] as const)('up to %s, these are sent: %j', (layer, active) => {
    const encodings = upTo(layer, CAMERA_ENCODINGS)
    expect(encodings.map(encoding => encoding.active)).toEqual(active)
    expect(encodings.map(({ maxBitrate }) => maxBitrate)).toEqual([1_200_000, 400_000, 130_000])
  })
})

describe('the wants', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function recorder() {
    const told: Want[][] = []
    return { told, wants: new VideoWants(streams => told.push(streams)) }
  }

  it('are told once, when they have settled, as a whole', () => {
    const { told, wants } = recorder()
    wants.set('anna', 'camera', 'low')
    wants.set('ben', 'camera', 'low')
    wants.set('anna', 'camera', 'high')
    expect(told).toEqual([])
    vi.runAllTimers()
    expect(told).toEqual([
      [
        { participantId: 'anna', source: 'camera', layer: 'high' },
        { participantId: 'ben', source: 'camera', layer: 'low' },
      ],
    ])
  })

  it('are not told when nothing came of it', () => {
    const { told, wants } = recorder()
    wants.set('anna', 'camera', 'low')
    vi.runAllTimers()
    wants.set('anna', 'camera', 'off')
    wants.set('anna', 'camera', 'low')
    vi.runAllTimers()
    expect(told).toHaveLength(1)
  })

  it('leave out who is off the screen or gone, and are repeated on demand', () => {
    const { told, wants } = recorder()
    wants.set('anna', 'camera', 'low')
    wants.set('ben', 'screen', 'high')
    vi.runAllTimers()
    wants.forget('ben')
    vi.runAllTimers()
    wants.repeat()
    const anna = { participantId: 'anna', source: 'camera', layer: 'low' }
    expect(told.slice(1)).toEqual([[anna], [anna]])
  })
})
