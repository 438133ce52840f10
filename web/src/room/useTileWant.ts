import { type RefObject, useEffect } from 'react'
import { layerFor } from '../media/layers'
import type { VideoSource } from '../signalling/messages'
import type { RoomSession } from './session'

/** Wishes for the layer that suits an element's size, and for none while it is out of view. */
export function useTileWant(
  element: RefObject<HTMLElement | null>,
  session: RoomSession,
  participantId: string,
  source: VideoSource,
): void {
  useEffect(() => {
    const tile = element.current
    if (!tile) return
    const { wants } = session.media
    let inView = false
    const wish = () => {
      const layer = inView ? layerFor(tile.clientHeight, window.devicePixelRatio) : 'off'
      // Text has to be sharp at any size.
      wants.set(participantId, source, layer !== 'off' && source === 'screen' ? 'high' : layer)
    }
    const sight = new IntersectionObserver(entries => {
      inView = entries.at(-1)?.isIntersecting ?? false
      wish()
    })
    const size = new ResizeObserver(() => {
      if (inView) wish()
    })
    sight.observe(tile)
    size.observe(tile)
    return () => {
      sight.disconnect()
      size.disconnect()
      wants.set(participantId, source, 'off')
    }
  }, [element, session, participantId, source])
}
