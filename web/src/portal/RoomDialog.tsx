import {
  Alert,
  Button,
  Checkbox,
  Modal,
  NativeSelect,
  SegmentedControl,
  Stack,
  Tabs,
  Text,
  TextInput,
} from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { account } from '../api/account'
import {
  createRoom,
  destroyRoom,
  type ListedRoom,
  type RoomSize,
  type RoomWish,
  roomNow,
  roomSizes,
  updateRoom,
} from '../api/rooms'
import { ApiError } from '../api/v1'
import { IconTrash } from '../ui/icons'
import { DeletionQuestion } from './DeletionQuestion'
import { type DepartmentChoice, DepartmentSearch, DepartmentSelect } from './DepartmentSelect'
import { RoomAccess } from './rooms/RoomAccess'
import { RoomFeatures } from './rooms/RoomFeatures'
import { RoomPlace } from './rooms/RoomPlace'
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
  /** The room as it was when somebody began to change it. */
  const [seen, setSeen] = useState(room?.listed ?? null)
  const [meanwhile, setMeanwhile] = useState<string | null>(null)
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
    mutationFn: async (fields: FormData) => {
      setMeanwhile(null)
      if (!room || !seen) return save(room, kind, isOpen, fields)
      const now = await roomNow(room.id)
      const what = differing(t, seen, now)
      if (!what) return save(room, kind, isOpen, fields)
      if (now) setSeen(now)
      setMeanwhile(what)
      return 'meanwhile'
    },
    onSuccess: (outcome, fields) =>
      outcome === 'meanwhile' ||
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
      size={room ? 'lg' : 'md'}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Parts room={room} onDone={done}>
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
            {isRoom && sizes.data && <Used sizes={sizes.data} />}
            {meanwhile && (
              <Alert color="orange" role="alert" data-testid="changed-meanwhile">
                {t('roomAdministration.meanwhile', { what: meanwhile })}
              </Alert>
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
      </Parts>
    </Modal>
  )
}

interface PartsProps {
  room: RoomNode | null
  onDone: (what: string) => Promise<void>
  /** The settings. */
  children: ReactNode
}

/** Tabs of what there is to administer of a room; of a new one there are the settings only. */
function Parts({ room, onDone, children }: PartsProps) {
  const { t } = useTranslation()
  const me = account.get()
  const arranges = me.state === 'in' && me.permissions.has('ROOM_ADMIN')
  if (!room) return children
  const tabs = (['settings', 'access', 'place', 'features'] as const).filter(
    tab => (tab !== 'place' || arranges) && (tab !== 'features' || !room.isDepartment),
  )
  return (
    <Tabs defaultValue="settings" keepMounted={false}>
      <Tabs.List mb="md">
        {tabs.map(tab => (
          <Tabs.Tab key={tab} value={tab} data-testid={`room-tab-${tab}`}>
            {t(`roomAdministration.tab.${tab}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="settings">{children}</Tabs.Panel>
      <Tabs.Panel value="access">
        <RoomAccess roomId={room.id} />
      </Tabs.Panel>
      <Tabs.Panel value="place">
        <RoomPlace room={room} onDone={onDone} />
      </Tabs.Panel>
      <Tabs.Panel value="features">
        <RoomFeatures room={room} />
      </Tabs.Panel>
    </Tabs>
  )
}

/** Numbers of rooms of each size of which there may not be as many as one likes. */
function Used({ sizes }: { sizes: readonly RoomSize[] }) {
  const { t } = useTranslation()
  const limited = sizes.filter(({ used }) => used)
  if (!limited.length) return null
  const list = limited.map(({ name, used }) =>
    t('roomAdministration.usedOf', {
      name: t(`size.${name}`, name),
      used: used?.count ?? 0,
      limit: used?.limit ?? 0,
    }),
  )
  return (
    <Text size="sm" c="var(--sr-muted)" data-testid="rooms-used">
      {t('roomAdministration.used', { list: list.join(', ') })}
    </Text>
  )
}

/** Change that somebody else has made to a room, in words; empty when it is as it was. */
function differing(t: TFunction, seen: ListedRoom, now: ListedRoom | null): string {
  if (!now) return t('roomAdministration.gone')
  if (now.displayName !== seen.displayName) {
    return t('roomAdministration.nameNow', { name: now.displayName ?? '' })
  }
  const settings = ({ mode, quotas, defaultPermissions }: ListedRoom) =>
    JSON.stringify([mode, quotas, defaultPermissions])
  return settings(now) === settings(seen) ? '' : t('roomAdministration.otherNow')
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
  const mode = MODES.find(one => one === text('mode'))
  // Only what is to be different: the rest stays as it is, whatever that is by now.
  const wish: RoomWish = {
    ...(displayName !== room?.name && { displayName }),
    ...(mode !== room?.listed.mode && { mode }),
    ...(size && size !== (room && sizeOf(room)) && { quotas: { name: size } }),
    ...(isOpen && !room?.isOpen && { defaultPermissions: { role: 'ROLE_PARTICIPANT' } }),
  }
  return room
    ? updateRoom(room.id, wish, room.isOpen && !isOpen)
    : createRoom({ ...wish, type: 'ROOM_TYPE_ROOM', parentId: text('department') })
}

function Removal({ room, onDone }: { room: RoomNode; onDone: (what: string) => Promise<void> }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const mutationKey = ['delete-room', room.id]
  const removal = useMutation({
    mutationKey,
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
      // The second click of two comes before the button is drawn as busy.
      onConfirm={() => queries.isMutating({ mutationKey }) || removal.mutate()}
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
