import { Alert, Button, Group, Loader, NativeSelect, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type SignedIn, signOut, switchCompany } from '../api/account'
import { ownMeetings } from '../api/meetings'
import { companyNames, listRooms, personName, roomStatus } from '../api/rooms'
import { log } from '../log'
import { IconLogout, IconPlus, IconSearch } from '../ui/icons'
import { PageFrame } from '../ui/PageFrame'
import { LinksDialog } from './LinksDialog'
import { MeetingList } from './MeetingList'
import { RoomDialog } from './RoomDialog'
import { RoomList } from './RoomList'
import { countRooms, departments, matching, type RoomNode, roomTree, shownRooms } from './roomTree'

const STATUS_INTERVAL = 5_000
const ROOMS_INTERVAL = 60_000
const MEETINGS_INTERVAL = 30_000
/** Of more rooms than this nobody is asked who is inside at once. */
const STATUS_ROOMS = 200
/** With more rooms than this the departments are closed at first. */
const OPEN_AT_FIRST = 150

/** The meetings that the person who is signed in organizes, and the rooms open to them with who is inside. */
export function PortalPage({ me }: { me: SignedIn }) {
  const { t, i18n } = useTranslation()
  const [term, setTerm] = useState('')
  const [settled] = useDebouncedValue(term, 150)
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const [linksOf, setLinksOf] = useState<RoomNode | null>(null)
  /** The room whose settings are shown, `new` for one that is to be made. */
  const [settingsOf, setSettingsOf] = useState<RoomNode | 'new' | null>(null)
  const [done, setDone] = useState('')
  const rooms = useQuery({
    queryKey: ['rooms', me.companyId],
    queryFn: listRooms,
    refetchInterval: ROOMS_INTERVAL,
  })
  const meetings = useQuery({
    queryKey: ['meetings', me.companyId, me.userId],
    queryFn: ownMeetings,
    refetchInterval: MEETINGS_INTERVAL,
    retry: false,
  })
  const organizes = (meetings.data?.length ?? 0) > 0
  const tree = useMemo(() => roomTree(rooms.data ?? new Map(), i18n.language), [rooms.data, i18n.language])
  // Neither moves away what somebody is about to press when it comes later than the other.
  const isPending = rooms.isPending || meetings.isPending
  const shown = useMemo(() => matching(tree, settled), [tree, settled])
  const openAtFirst = useMemo(() => countRooms(tree) <= OPEN_AT_FIRST, [tree])
  const isOpen = (id: string) => settled !== '' || toggled.has(id) !== openAtFirst
  const asked = shownRooms(shown, isOpen).slice(0, STATUS_ROOMS)
  const inside = useQuery({
    queryKey: ['status', me.companyId, asked],
    queryFn: () => roomStatus(asked),
    enabled: asked.length > 0,
    refetchInterval: STATUS_INTERVAL,
    placeholderData: previous => previous,
  })
  const toggle = (id: string) =>
    setToggled(current => {
      const next = new Set(current)
      if (!next.delete(id)) next.add(id)
      return next
    })

  return (
    <PageFrame title={t('portal.overview')} width={58} aside={<AccountBar me={me} />}>
      <h1 className="sr-only">{t('portal.overview')}</h1>
      {meetings.isError && (
        <Failure text={t('portal.meetingsFailed')} onRetry={() => void meetings.refetch()} />
      )}
      {!isPending && organizes && <MeetingList meetings={meetings.data ?? []} />}
      <Group justify="space-between" align="center" mb="md" gap="sm">
        <Title order={2}>{t('portal.title')}</Title>
        <Group gap="sm" w={{ base: '100%', xs: 'auto' }}>
          {!isPending && tree.length > 0 && (
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
      {isPending && <Loader aria-label={t('common.loading')} mx="auto" my="xl" />}
      {rooms.isError && <Failure text={t('portal.failed')} onRetry={() => void rooms.refetch()} />}
      {!isPending && rooms.isSuccess && tree.length === 0 && (
        <Text c="var(--sr-muted)">
          {me.mayCreateRooms
            ? t('rooms.first')
            : meetings.data && !organizes
              ? t('portal.empty')
              : t('portal.noRooms')}
        </Text>
      )}
      {tree.length > 0 && shown.length === 0 && (
        <Text c="var(--sr-muted)" role="status">
          {t('portal.noMatch', { term: settled })}
        </Text>
      )}
      {!isPending && (
        <RoomList
          nodes={shown}
          inside={inside.data ?? new Map()}
          isOpen={isOpen}
          onToggle={toggle}
          onLinks={setLinksOf}
          onSettings={setSettingsOf}
        />
      )}
      {settingsOf && (
        <RoomDialog
          room={settingsOf === 'new' ? null : settingsOf}
          departments={departments(tree)}
          onClose={() => setSettingsOf(null)}
          onDone={setDone}
        />
      )}
      <div className="sr-only" role="status">
        {done}
      </div>
      {linksOf && <LinksDialog room={linksOf} onClose={() => setLinksOf(null)} />}
    </PageFrame>
  )
}

function Failure({ text, onRetry }: { text: string; onRetry: () => void }) {
  const { t } = useTranslation()
  return (
    <Alert color="red" role="alert" mb="md" data-testid="error-message">
      <Group justify="space-between">
        <Text>{text}</Text>
        <Button size="xs" onClick={onRetry}>
          {t('common.retry')}
        </Button>
      </Group>
    </Alert>
  )
}

function AccountBar({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const name = useQuery({
    queryKey: ['person', me.userId],
    queryFn: () => personName(me.userId),
    staleTime: Infinity,
  })
  const companies = useQuery({
    queryKey: ['companies', me.companyIds],
    queryFn: () => companyNames(me.companyIds),
    enabled: me.companyIds.length > 1,
    staleTime: Infinity,
  })
  const leave = async () => {
    try {
      await signOut()
    } catch (error) {
      // The page has forgotten everything all the same; the server's cookie runs out by itself.
      log.warning('sign out', error)
    }
    queries.clear()
  }
  const change = async (companyId: string) => {
    try {
      await switchCompany(companyId)
      queries.clear()
    } catch (error) {
      log.warning('switch company', error)
    }
  }
  return (
    <>
      {me.companyIds.length > 1 && (
        <NativeSelect
          size="xs"
          aria-label={t('portal.company')}
          value={me.companyId}
          data={me.companyIds.map(id => ({ value: id, label: companies.data?.get(id) ?? id }))}
          onChange={event => void change(event.currentTarget.value)}
        />
      )}
      {name.data && (
        <Text size="sm" fw={600}>
          {name.data}
        </Text>
      )}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconLogout size={16} aria-hidden />}
        onClick={() => void leave()}
        data-testid="sign-out"
      >
        {t('portal.signOut')}
      </Button>
    </>
  )
}
