import {
  Alert,
  Button,
  Checkbox,
  Modal,
  NativeSelect,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { createRoom, destroyRoom, type RoomSize, type RoomWish, roomSizes, updateRoom } from '../api/rooms'
import { ApiError } from '../api/v1'
import { IconTrash } from '../ui/icons'
import { DeletionQuestion } from './DeletionQuestion'
import { type DepartmentChoice, DepartmentSearch, DepartmentSelect } from './DepartmentSelect'
import type { RoomNode } from './roomTree'

interface RoomDialogProps {
  /** The room or department to change; null for one that is to be made. */
  room: RoomNode | null
  /** Null where there are too many to have them all here. */
  departments: readonly DepartmentChoice[] | null
  onClose: () => void
  /** Told what has been done, in words. */
  onDone: (what: string) => void
}

type Kind = 'room' | 'department'

const MODES = ['ROOM_MODE_NORMAL', 'ROOM_MODE_SPECTATOR', 'ROOM_MODE_EXAM'] as const
const STANDARD = 'standard'

/** Makes or changes a room or a department, or removes it. */
export function RoomDialog({ room, departments, onClose, onDone }: RoomDialogProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [kind, setKind] = useState<Kind>(room?.isDepartment ? 'department' : 'room')
  const [isOpen, setIsOpen] = useState(room?.isOpen ?? true)
  const isRoom = kind === 'room'
  const sizes = useQuery({ queryKey: ['sizes'], queryFn: roomSizes, enabled: isRoom, staleTime: 10_000 })
  const done = async (what: string) => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['rooms'] }),
      queries.invalidateQueries({ queryKey: ['sizes'] }),
    ])
    onDone(what)
    onClose()
  }
  const mutationKey = ['save-room']
  const saving = useMutation({
    mutationKey,
    mutationFn: (fields: FormData) => save(room, kind, isOpen, fields),
    onSuccess: (_, fields) =>
      done(t(room ? 'rooms.changed' : 'rooms.created', { name: String(fields.get('name')).trim() })),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    saving.mutate(new FormData(event.currentTarget))
  }
  const failure = saving.error ?? sizes.error
  return (
    <Modal
      opened
      onClose={onClose}
      title={room ? t('rooms.change', { name: room.name }) : t('rooms.new')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {!room && (
            <SegmentedControl
              aria-label={t('rooms.kind')}
              value={kind}
              onChange={value => setKind(value === 'department' ? 'department' : 'room')}
              data={[
                { value: 'room', label: t('rooms.room') },
                { value: 'department', label: t('rooms.department') },
              ]}
              data-testid="room-kind"
            />
          )}
          {!isRoom && !room && <Text c="var(--sr-muted)">{t('rooms.departmentHint')}</Text>}
          <TextInput
            name="name"
            label={t('rooms.name')}
            defaultValue={room?.name}
            required
            withAsterisk={false}
            pattern=".*\S.*"
            maxLength={200}
            data-autofocus
            data-testid="room-name"
          />
          {!room && (departments ? <DepartmentSelect choices={departments} /> : <DepartmentSearch />)}
          {isRoom && (
            <>
              <NativeSelect
                name="mode"
                label={t('rooms.mode')}
                defaultValue={room?.listed.mode}
                data={MODES.map(value => ({ value, label: t(`rooms.${value}`) }))}
                data-testid="room-mode"
              />
              {sizes.data && (
                <NativeSelect
                  name="size"
                  label={t('rooms.size')}
                  defaultValue={room ? sizeOf(room) : STANDARD}
                  data={sizeChoices(t, sizes.data, room)}
                  data-testid="room-size"
                />
              )}
              <Checkbox
                label={t('rooms.open')}
                description={t('rooms.openHint')}
                checked={isOpen}
                onChange={event => setIsOpen(event.currentTarget.checked)}
                data-testid="room-open"
              />
            </>
          )}
          {failure && (
            <Alert color="red" role="alert" data-testid="error-message">
              {explained(t, failure)}
            </Alert>
          )}
          <Button type="submit" loading={saving.isPending} data-testid="save-room">
            {room ? t('rooms.save') : t('rooms.create')}
          </Button>
        </Stack>
      </form>
      {room && <Removal room={room} onDone={done} />}
    </Modal>
  )
}

async function save(room: RoomNode | null, kind: Kind, isOpen: boolean, fields: FormData): Promise<void> {
  const text = (name: string) => String(fields.get(name) ?? '').trim()
  const displayName = text('name')
  if (kind === 'department') {
    return room
      ? updateRoom(room.id, { displayName }, false)
      : createRoom({ displayName, type: 'ROOM_TYPE_DEPARTMENT', parentId: text('department') })
  }
  const size = text('size')
  const wish: RoomWish = {
    displayName,
    mode: MODES.find(mode => mode === text('mode')),
    ...(size && size !== (room && sizeOf(room)) && { quotas: { name: size } }),
    ...(isOpen && !room?.isOpen && { defaultPermissions: { role: 'ROLE_PARTICIPANT' } }),
  }
  return room
    ? updateRoom(room.id, wish, room.isOpen && !isOpen)
    : createRoom({ ...wish, type: 'ROOM_TYPE_ROOM', parentId: text('department') })
}

function Removal({ room, onDone }: { room: RoomNode; onDone: (what: string) => Promise<void> }) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const removal = useMutation({
    mutationFn: () => destroyRoom(room.id),
    onSuccess: () => onDone(t('rooms.removed', { name: room.name })),
  })
  if (!asking) {
    return (
      <Button
        mt="md"
        variant="subtle"
        color="red"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => setAsking(true)}
        data-testid="delete-room"
      >
        {t('common.delete')}
      </Button>
    )
  }
  return (
    <DeletionQuestion
      mt="md"
      text={t(room.isDepartment ? 'rooms.confirmDepartment' : 'rooms.confirmRoom', { name: room.name })}
      failure={removal.error && explained(t, removal.error)}
      isPending={removal.isPending}
      onConfirm={() => removal.mutate()}
      onCancel={() => setAsking(false)}
    />
  )
}

/** The name of a room's size, empty for one of its own. */
function sizeOf(room: RoomNode): string {
  return room.listed.quotas?.name ?? ''
}

/** The sizes there are, without those of which there may be no more rooms; and the room's own if it has one. */
function sizeChoices(t: TFunction, sizes: readonly RoomSize[], room: RoomNode | null) {
  const choices = sizes.map(({ name, active, passive, isFull }) => ({
    value: name,
    label: t('rooms.places', { name: t(`size.${name}`, name), active, passive }),
    disabled: isFull && name !== (room && sizeOf(room)),
  }))
  return room && !sizeOf(room) ? [{ value: '', label: t('rooms.ownSize') }, ...choices] : choices
}

function explained(t: TFunction, error: Error): string {
  const known = error instanceof ApiError ? error.statusCode : ''
  if (known === 'FAILED_PRECONDITION') return t('rooms.notEmpty')
  if (known === 'QUOTA_EXCEEDED') return t('rooms.noMore')
  return t('links.failed', { message: error.message })
}
