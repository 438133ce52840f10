import { ActionIcon, Anchor, Button, Loader, Text, UnstyledButton } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { PersonInside } from '../api/rooms'
import { isolated } from '../i18n/isolation'
import { Avatar } from '../room/Avatar'
import {
  IconChevronDown,
  IconChevronRight,
  IconDoorEnter,
  IconHistory,
  IconLink,
  IconSettings,
  IconUserPlus,
} from '../ui/icons'
import { LevelPager, type LevelPages } from './LevelPager'
import { TOP } from './levels'
import classes from './RoomList.module.css'
import { type Mover, useDragging } from './rooms/useDragging'
import { countRooms, type RoomNode } from './roomTree'

interface RoomListProps {
  nodes: readonly RoomNode[]
  inside: ReadonlyMap<string, PersonInside[]>
  isOpen: (id: string) => boolean
  /** Whether all the rooms that there are are among the nodes. */
  isWhole: boolean
  /** Whether what has been opened last may still come. */
  isLoading: boolean
  pages: LevelPages
  onToggle: (id: string) => void
  onLinks: (room: RoomNode) => void
  onInvite: (room: RoomNode) => void
  onSettings: (room: RoomNode) => void
  /** Puts a room into a department (empty: at the top) behind one of its rooms (empty: first); null where nothing
   * is to be moved. */
  onMove: Mover | null
}

const FACES = 4

/** Rooms and departments as nested lists, a page of each level. */
export function RoomList({ nodes, level = TOP, ...rest }: RoomListProps & { level?: string }) {
  const list = useRef<HTMLUListElement>(null)
  return (
    <>
      <ul className={classes.list} ref={list}>
        {nodes.map(node => (
          <li key={node.id}>
            {node.isDepartment ? (
              <Department node={node} {...rest} />
            ) : (
              <>
                <RoomCard
                  room={node}
                  people={rest.inside.get(node.id) ?? []}
                  onLinks={rest.onLinks}
                  onInvite={rest.onInvite}
                  onSettings={rest.onSettings}
                  onMove={rest.onMove}
                />
                {node.children.length > 0 && rest.isOpen(node.id) && (
                  <RoomList nodes={node.children} level={node.id} {...rest} />
                )}
              </>
            )}
          </li>
        ))}
      </ul>
      <LevelPager
        level={level}
        pages={rest.pages}
        onTurn={() => list.current?.scrollIntoView({ block: 'nearest' })}
      />
    </>
  )
}

function Department({ node, ...rest }: Omit<RoomListProps, 'nodes'> & { node: RoomNode }) {
  const { t } = useTranslation()
  const { id, name, children } = node
  const open = rest.isOpen(id)
  const dragging = useDragging(rest.onMove, id, { parentId: id, afterId: '' })
  return (
    <section aria-label={t('portal.department', { name })}>
      <div className={classes.heading} {...dragging}>
        <UnstyledButton
          className={classes.department}
          aria-expanded={open}
          onClick={() => rest.onToggle(id)}
          data-testid="department"
          data-name={name}
        >
          {open ? <IconChevronDown size={18} aria-hidden /> : <IconChevronRight size={18} aria-hidden />}
          <Text fw={650}>
            <bdi>{name}</bdi>
          </Text>
          {rest.isWhole && (
            <Text size="sm" c="var(--sr-muted)">
              {t('portal.rooms', { count: countRooms(children) })}
            </Text>
          )}
        </UnstyledButton>
        {node.administers && <SettingsButton room={node} onSettings={rest.onSettings} />}
      </div>
      {open && (
        <div className={classes.inner}>
          {children.length === 0 && rest.isLoading && (
            <Loader size="sm" role="status" aria-label={t('common.loading')} my="xs" />
          )}
          <RoomList nodes={children} level={id} {...rest} />
        </div>
      )}
    </section>
  )
}

function SettingsButton({ room, onSettings }: { room: RoomNode; onSettings: (room: RoomNode) => void }) {
  const { t } = useTranslation()
  return (
    <ActionIcon
      variant="default"
      size={36}
      aria-label={t('rooms.change', { name: room.name })}
      title={t('rooms.change', { name: room.name })}
      onClick={() => onSettings(room)}
      data-testid="room-settings"
    >
      <IconSettings size={18} aria-hidden />
    </ActionIcon>
  )
}

interface RoomCardProps {
  room: RoomNode
  people: readonly PersonInside[]
  onMove: Mover | null
  onLinks: (room: RoomNode) => void
  onInvite: (room: RoomNode) => void
  onSettings: (room: RoomNode) => void
}

function RoomCard({ room, people, onMove, onLinks, onInvite, onSettings }: RoomCardProps) {
  const { t } = useTranslation()
  const dragging = useDragging(onMove, room.id, { parentId: room.listed.parentId ?? '', afterId: room.id })
  const names = people.map(({ displayName }) => displayName ?? '?')
  const address = `#/room/${encodeURIComponent(room.id)}`
  return (
    <article className={classes.room} data-testid="room" data-name={room.name} {...dragging}>
      <div className={classes.what}>
        {room.joinable ? (
          <Anchor href={address} fw={600} c="inherit" className={classes.name}>
            <bdi>{room.name}</bdi>
          </Anchor>
        ) : (
          <Text fw={600} className={classes.name}>
            <bdi>{room.name}</bdi>
          </Text>
        )}
        {people.length > 0 && (
          <div className={classes.inside}>
            <span className={classes.faces}>
              {names.slice(0, FACES).map((name, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two people may have the same name
                <Avatar key={index} name={name} size={24} />
              ))}
            </span>
            <Text size="sm" c="var(--sr-muted)">
              {names.slice(0, FACES).map(isolated).join(', ')}
              {names.length > FACES && ` ${t('portal.andMore', { count: names.length - FACES })}`}
              <span className="sr-only"> ({t('portal.inside', { count: names.length })})</span>
            </Text>
          </div>
        )}
      </div>
      <div className={classes.actions}>
        {room.administers && <SettingsButton room={room} onSettings={onSettings} />}
        {room.administers && (
          <ActionIcon
            component="a"
            href={`#/rooms/${encodeURIComponent(room.id)}/attendance`}
            variant="default"
            size={36}
            aria-label={t('attendance.of', { room: room.name })}
            title={t('attendance.of', { room: room.name })}
            data-testid="room-attendance"
          >
            <IconHistory size={18} aria-hidden />
          </ActionIcon>
        )}
        {room.administers && (
          <Button
            variant="default"
            leftSection={<IconLink size={16} aria-hidden />}
            aria-label={t('portal.linksOf', { room: room.name })}
            onClick={() => onLinks(room)}
            data-testid="room-links"
          >
            {t('portal.links')}
          </Button>
        )}
        {room.joinable && (
          <Button
            variant="default"
            leftSection={<IconUserPlus size={16} aria-hidden />}
            aria-label={t('roomAdministration.inviteTo', { room: room.name })}
            onClick={() => onInvite(room)}
            data-testid="room-invite"
          >
            {t('roomAdministration.invite')}
          </Button>
        )}
        {room.joinable && (
          <Button
            component="a"
            href={address}
            leftSection={<IconDoorEnter size={16} aria-hidden />}
            aria-label={t('portal.enterRoom', { room: room.name })}
            data-testid="enter-room"
          >
            {t('portal.enter')}
          </Button>
        )}
      </div>
    </article>
  )
}
