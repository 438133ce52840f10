import { Alert, Button, Group, Loader, NativeSelect, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type SignedIn, signOut, switchCompany } from '../api/account'
import { companyNames, listRooms, personName, roomStatus } from '../api/rooms'
import { log } from '../log'
import { IconLogout, IconSearch } from '../ui/icons'
import { PageFrame } from '../ui/PageFrame'
import { LinksDialog } from './LinksDialog'
import { RoomList } from './RoomList'
import { countRooms, matching, type RoomNode, roomTree, shownRooms } from './roomTree'

const STATUS_INTERVAL = 5_000
const ROOMS_INTERVAL = 60_000
/** Of more rooms than this nobody is asked who is inside at once. */
const STATUS_ROOMS = 200
/** With more rooms than this the departments are closed at first. */
const OPEN_AT_FIRST = 150

/** The rooms open to the person who is signed in, and who is inside them. */
export function PortalPage({ me }: { me: SignedIn }) {
  const { t, i18n } = useTranslation()
  const [term, setTerm] = useState('')
  const [settled] = useDebouncedValue(term, 150)
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const [linksOf, setLinksOf] = useState<RoomNode | null>(null)
  const rooms = useQuery({
    queryKey: ['rooms', me.companyId],
    queryFn: listRooms,
    refetchInterval: ROOMS_INTERVAL,
  })
  const tree = useMemo(() => roomTree(rooms.data ?? new Map(), i18n.language), [rooms.data, i18n.language])
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
    <PageFrame title={t('portal.title')} width={58} aside={<AccountBar me={me} />}>
      <Group justify="space-between" align="center" mb="md" gap="sm">
        <Title order={1} size="h2">
          {t('portal.title')}
        </Title>
        <TextInput
          type="search"
          aria-label={t('portal.search')}
          placeholder={t('portal.search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={term}
          onChange={event => setTerm(event.currentTarget.value)}
          w={{ base: '100%', xs: 260 }}
        />
      </Group>
      {rooms.isPending && <Loader aria-label={t('common.loading')} mx="auto" my="xl" />}
      {rooms.isError && (
        <Alert color="red" role="alert" data-testid="error-message">
          <Group justify="space-between">
            <Text>{t('portal.failed')}</Text>
            <Button size="xs" onClick={() => void rooms.refetch()}>
              {t('common.retry')}
            </Button>
          </Group>
        </Alert>
      )}
      {rooms.isSuccess && tree.length === 0 && <Text c="var(--sr-muted)">{t('portal.empty')}</Text>}
      {tree.length > 0 && shown.length === 0 && (
        <Text c="var(--sr-muted)" role="status">
          {t('portal.noMatch', { term: settled })}
        </Text>
      )}
      <RoomList
        nodes={shown}
        inside={inside.data ?? new Map()}
        isOpen={isOpen}
        onToggle={toggle}
        onLinks={setLinksOf}
      />
      {linksOf && <LinksDialog room={linksOf} onClose={() => setLinksOf(null)} />}
    </PageFrame>
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
