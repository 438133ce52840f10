import { Button, NativeSelect, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { moveRoom } from '../../api/access'
import { roomsToShow } from '../../api/rooms'
import { FormProblem } from '../meetings/MeetingForm'
import { type RoomNode, roomTree } from '../roomTree'

interface RoomPlaceProps {
  room: RoomNode
  onDone: (what: string) => Promise<void>
}

/** Moves a room or department: into which department, and behind which of what is there. */
export function RoomPlace({ room, onDone }: RoomPlaceProps) {
  const { t, i18n } = useTranslation()
  const queries = useQueryClient()
  const [parentId, setParentId] = useState(room.listed.parentId ?? '')
  const [after, setAfter] = useState('')
  const departments = useQuery({
    queryKey: ['rooms', 'departments', ''],
    queryFn: () => roomsToShow({ departmentsOnly: true }),
  })
  const beside = useQuery({
    queryKey: ['rooms', 'beside', parentId],
    queryFn: async () => {
      const { rooms } = await roomsToShow({ levels: [{ parentId }] })
      return roomTree(
        new Map([...rooms].filter(([, one]) => (one.parentId ?? '') === parentId).map(atTop)),
        i18n.language,
      )
    },
    placeholderData: previous => previous,
  })
  const mutationKey = ['move-room']
  const moving = useMutation({
    mutationKey,
    mutationFn: () => moveRoom(room.id, parentId, after),
    onSuccess: () => onDone(t('roomAdministration.place.moved', { name: room.name })),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (!queries.isMutating({ mutationKey })) moving.mutate()
  }
  const choices = [...(departments.data?.rooms ?? new Map())]
    .filter(([id]) => id !== room.id)
    .map(([value, { displayName = '' }]) => ({ value, label: displayName }))
  const siblings = (beside.data ?? []).filter(({ id }) => id !== room.id)
  const failure = moving.error ?? departments.error ?? beside.error
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text c="var(--sr-muted)">{t('roomAdministration.place.lead')}</Text>
        <NativeSelect
          label={t('rooms.within')}
          value={parentId}
          data={[{ value: '', label: t('rooms.top') }, ...choices]}
          onChange={event => {
            setParentId(event.currentTarget.value)
            setAfter('')
          }}
          data-testid="place-department"
        />
        <NativeSelect
          label={t('roomAdministration.place.behind')}
          value={after}
          data={[
            { value: '', label: t('roomAdministration.place.first') },
            ...siblings.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={event => setAfter(event.currentTarget.value)}
          data-testid="place-behind"
        />
        {failure && <FormProblem text={t('roomAdministration.place.failed', { message: failure.message })} />}
        <Button type="submit" loading={moving.isPending} data-testid="move-room">
          {t('roomAdministration.place.move')}
        </Button>
      </Stack>
    </form>
  )
}

/** As if it were in no department, so that a tree of one level can be made. */
function atTop<T extends { parentId?: string }>([id, room]: [string, T]): [string, T] {
  return [id, { ...room, parentId: '' }]
}
