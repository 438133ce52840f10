import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { moveRoom } from '../../api/access'
import { roomName } from '../../api/rooms'
import { announce, announceFailure } from '../announce'
import type { Mover } from './useDragging'

interface Move {
  roomId: string
  parentId: string
  afterId: string
}

/** Moves rooms and says what has become of it. */
export function useMoving(): Mover {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const moving = useMutation({
    mutationFn: async ({ roomId, parentId, afterId }: Move) => {
      await moveRoom(roomId, parentId, afterId)
      return (await roomName(roomId)) ?? ''
    },
    onSuccess: name => announce(t('roomAdministration.place.moved', { name })),
    onError: error => announceFailure(t('roomAdministration.place.failed', { message: error.message })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['rooms'] }),
  })
  return (roomId, parentId, afterId) => moving.mutate({ roomId, parentId, afterId })
}
