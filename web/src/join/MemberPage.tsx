import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { accessToken, account } from '../api/account'
import { personName, roomName } from '../api/rooms'
import { navigate } from '../route/hash'
import { useBranding } from '../ui/branding'
import { MessagePage } from '../ui/MessagePage'
import { useStorePart } from '../ui/store'
import { tokenRefusal } from './refusal'
import { Stay } from './Stay'
import type { Destination } from './visit'

const back = () => navigate('#/')

/** A room entered by someone with an account. */
export function MemberPage({ roomId }: { roomId: string }) {
  const { t } = useTranslation()
  useBranding(useStorePart(account, current => (current.state === 'in' ? current.companyId : undefined)))
  const userId = useStorePart(account, current => (current.state === 'in' ? current.userId : ''))
  const room = useQuery({ queryKey: ['room', roomId], queryFn: () => roomName(roomId), staleTime: Infinity })
  const name = useQuery({
    queryKey: ['person', userId],
    queryFn: () => personName(userId),
    staleTime: Infinity,
  })
  const destination = useMemo<Destination>(
    () => ({
      roomId,
      roomName: room.data ?? null,
      companyName: null,
      fixedName: name.data || null,
      asksName: false,
      validUntil: null,
      fetchesAhead: false,
      invitation: { address: `${location.origin}/#/room/${encodeURIComponent(roomId)}`, linksOf: roomId },
      token: async (_, renewed) => {
        try {
          return await accessToken(renewed)
        } catch (error) {
          throw tokenRefusal(error)
        }
      },
    }),
    [roomId, room.data, name.data],
  )
  if (room.isPending || name.isPending) return <MessagePage title={t('common.loading')} />
  return <Stay destination={destination} onBack={back} />
}
