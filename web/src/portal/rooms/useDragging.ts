import { type DragEvent, useState } from 'react'

/** Puts a room into a department (empty: at the top) behind one of its rooms (empty: first). */
export type Mover = (roomId: string, parentId: string, afterId: string) => void

interface Place {
  parentId: string
  afterId: string
}

const KIND = 'application/x-switchroom-room'

/** Properties that make an element one that can be dragged by a mouse, and onto which others can be dropped.
 * The same can be done by keyboard, in the settings of the room. */
export function useDragging(onMove: Mover | null, roomId: string, place: Place) {
  const [isOver, setOver] = useState(false)
  if (!onMove) return {}
  const isRoom = (event: DragEvent) => event.dataTransfer.types.includes(KIND)
  return {
    draggable: true,
    'data-drop': isOver || undefined,
    onDragStart: (event: DragEvent) => {
      event.stopPropagation()
      event.dataTransfer.setData(KIND, roomId)
      event.dataTransfer.effectAllowed = 'move'
    },
    onDragOver: (event: DragEvent) => {
      if (!isRoom(event)) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'move'
      setOver(true)
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      if (!isRoom(event)) return
      event.preventDefault()
      event.stopPropagation()
      setOver(false)
      const dragged = event.dataTransfer.getData(KIND)
      if (dragged && dragged !== roomId) onMove(dragged, place.parentId, place.afterId)
    },
  }
}
