import { Button, Group, Loader, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../api/account'
import { ownMeetings } from '../api/meetings'
import { roomStatus, roomsToShow } from '../api/rooms'
import { InviteDialog } from '../room/InviteDialog'
import { IconPlus, IconSearch } from '../ui/icons'
import { announce } from './announce'
import { Failure } from './Failure'
import { FirstSteps } from './FirstSteps'
import { LinksDialog } from './LinksDialog'
import { AT_FIRST, goBack, goOn, toggle, wantedLevels, withoutEmptied } from './levels'
import { MeetingList } from './MeetingList'
import { PortalFrame } from './PortalFrame'
import { RoomDialog } from './RoomDialog'
import { RoomList } from './RoomList'
import { useMoving } from './rooms/useMoving'
import { departments, matching, type RoomNode, roomTree, shownRooms } from './roomTree'

const STATUS_INTERVAL = 5_000
const ROOMS_INTERVAL = 60_000
const MEETINGS_INTERVAL = 30_000
/** Most rooms of which it is asked at once who is inside. */
const STATUS_ROOMS = 200

/** The meetings that the person who is signed in organizes, and the rooms open to them with who is inside. Of many
 * rooms a page of each level that is open is loaded, and what is searched for by the server. */
export function PortalPage({ me }: { me: SignedIn }) {
  const { t, i18n } = useTranslation()
  const [term, setTerm] = useState('')
  const [settled] = useDebouncedValue(term.trim(), 150)
  const [browsing, setBrowsing] = useState(AT_FIRST)
  const [linksOf, setLinksOf] = useState<RoomNode | null>(null)
  /** The room whose settings are shown, `new` for one that is to be made. */
  const [settingsOf, setSettingsOf] = useState<RoomNode | 'new' | null>(null)
  const [invitingTo, setInvitingTo] = useState<RoomNode | null>(null)
  const move = useMoving()
  const wanted = settled ? { term: settled } : { levels: wantedLevels(browsing) }
  const rooms = useQuery({
    queryKey: ['rooms', me.companyId, wanted],
    queryFn: () => roomsToShow(wanted),
    refetchInterval: ROOMS_INTERVAL,
    placeholderData: previous => previous,
  })
  const meetings = useQuery({
    queryKey: ['meetings', me.companyId, me.userId],
    queryFn: ownMeetings,
    refetchInterval: MEETINGS_INTERVAL,
    retry: false,
  })
  const organizes = (meetings.data?.length ?? 0) > 0
  const tree = useMemo(
    () => roomTree(rooms.data?.rooms ?? new Map(), i18n.language),
    [rooms.data, i18n.language],
  )
  // Neither moves away what somebody is about to press when it comes later than the other.
  const isPending = rooms.isPending || meetings.isPending
  const shown = useMemo(() => matching(tree, settled), [tree, settled])
  const isWhole = rooms.data?.isWhole ?? true
  const isOpen = (id: string) => settled !== '' || (browsing.toggled.get(id) ?? isWhole)
  const asked = shownRooms(shown, isOpen).slice(0, STATUS_ROOMS)
  const inside = useQuery({
    queryKey: ['status', me.companyId, asked],
    queryFn: () => roomStatus(asked),
    enabled: asked.length > 0,
    refetchInterval: STATUS_INTERVAL,
    placeholderData: previous => previous,
  })
  const loaded = rooms.isPlaceholderData || settled ? undefined : rooms.data?.rooms
  useEffect(() => {
    if (loaded) setBrowsing(current => withoutEmptied(current, loaded))
  }, [loaded])
  const pages = {
    hasBefore: (level: string) => !settled && browsing.pages.has(level),
    hasAfter: (level: string) => !settled && rooms.data?.following[level] !== undefined,
    onBefore: (level: string) => setBrowsing(current => goBack(current, level)),
    onAfter: (level: string) => {
      const after = rooms.data?.following[level]
      if (after && !rooms.isPlaceholderData) setBrowsing(current => goOn(current, level, after))
    },
  }

  return (
    <PortalFrame me={me} title={t('portal.overview')} current="rooms">
      <h1 className="sr-only">{t('portal.overview')}</h1>
      {meetings.isError && (
        <Failure text={t('portal.meetingsFailed')} onRetry={() => void meetings.refetch()} />
      )}
      {!isPending && rooms.isSuccess && !settled && me.permissions.has('MANAGE_COMPANY') && (
        <FirstSteps me={me} hasRooms={tree.length > 0} onNewRoom={() => setSettingsOf('new')} />
      )}
      {!isPending && organizes && <MeetingList meetings={meetings.data ?? []} />}
      <Group justify="space-between" align="center" mb="md" gap="sm">
        <Title order={2}>{t('portal.title')}</Title>
        <Group gap="sm" w={{ base: '100%', xs: 'auto' }}>
          {!isPending && (tree.length > 0 || settled) && (
            <TextInput
              type="search"
              aria-label={t('portal.search')}
              placeholder={t('portal.search')}
              leftSection={<IconSearch size={16} aria-hidden />}
              value={term}
              onChange={event => setTerm(event.currentTarget.value)}
              w={{ base: '100%', xs: 260 }}
            />
          )}
          {me.mayCreateRooms && !isPending && (
            <Button
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => setSettingsOf('new')}
              data-testid="new-room"
            >
              {t('rooms.new')}
            </Button>
          )}
        </Group>
      </Group>
      {isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />}
      {rooms.isError && <Failure text={t('portal.failed')} onRetry={() => void rooms.refetch()} />}
      {!isPending && rooms.isSuccess && tree.length === 0 && !settled && (
        <Text c="var(--sr-muted)">
          {me.mayCreateRooms
            ? t('rooms.first')
            : meetings.data && !organizes
              ? t('portal.empty')
              : t('portal.noRooms')}
        </Text>
      )}
      {settled && rooms.isSuccess && !rooms.isPlaceholderData && shown.length === 0 && (
        <Text c="var(--sr-muted)" role="status">
          {t('portal.noMatch', { term: settled })}
        </Text>
      )}
      {!isPending && (
        <RoomList
          nodes={shown}
          inside={inside.data ?? new Map()}
          isOpen={isOpen}
          isWhole={isWhole}
          isLoading={rooms.isPlaceholderData}
          pages={pages}
          onToggle={id => setBrowsing(current => toggle(current, id, isWhole))}
          onLinks={setLinksOf}
          onInvite={setInvitingTo}
          onMove={me.permissions.has('ROOM_ADMIN') && !settled ? move : null}
          onSettings={setSettingsOf}
        />
      )}
      {settled && rooms.data?.hasMore && (
        <Text c="var(--sr-muted)" mt="md" role="status">
          {t('portal.moreMatches')}
        </Text>
      )}
      {settingsOf && (
        <RoomDialog
          room={settingsOf === 'new' ? null : settingsOf}
          departments={isWhole ? departments(tree) : null}
          onClose={() => setSettingsOf(null)}
          onDone={announce}
        />
      )}
      {invitingTo && (
        <InviteDialog
          invitation={{
            address: new URL(`#/room/${encodeURIComponent(invitingTo.id)}`, window.location.href).href,
            ...(invitingTo.administers && { linksOf: invitingTo.id }),
          }}
          roomName={invitingTo.name}
          onClose={() => setInvitingTo(null)}
        />
      )}
      {linksOf && <LinksDialog room={linksOf} onClose={() => setLinksOf(null)} />}
    </PortalFrame>
  )
}
