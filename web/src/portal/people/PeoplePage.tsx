import { Button, Group, Loader, NativeSelect, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { type ListedPerson, listPeople, type PeopleWanted } from '../../api/people'
import { formatNumber } from '../../i18n/format'
import { IconSearch, IconUpload, IconUserPlus } from '../../ui/icons'
import { Failure } from '../Failure'
import { Pager } from '../Pager'
import { PortalFrame } from '../PortalFrame'
import { InviteDialog } from './InviteDialog'
import { InviteManyDialog } from './InviteManyDialog'
import classes from './People.module.css'
import { PersonCard } from './PersonCard'
import { PersonDialog } from './PersonDialog'

const FILTERS = ['all', 'active', 'invited', 'disabled', 'administrators'] as const
type Filter = (typeof FILTERS)[number]

function wantedBy(filter: Filter): PeopleWanted {
  if (filter === 'all') return {}
  return filter === 'administrators' ? { administratorsOnly: true } : { state: filter }
}

/** The people of the organization, a page at a time. */
export function PeoplePage({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [term, setTerm] = useState('')
  const [settled] = useDebouncedValue(term.trim(), 200)
  const [filter, setFilter] = useState<Filter>('all')
  /** Places at which the pages begin that somebody has gone to, the one that is shown last. */
  const [places, setPlaces] = useState<readonly number[]>([])
  const [shown, setShown] = useState<ListedPerson | null>(null)
  const [inviting, setInviting] = useState<'one' | 'many' | null>(null)
  const top = useRef<HTMLUListElement>(null)
  const after = places.at(-1)
  const wanted: PeopleWanted = { ...wantedBy(filter), term: settled, ...(after !== undefined && { after }) }
  const page = useQuery({
    queryKey: ['people', me.companyId, wanted],
    queryFn: () => listPeople(wanted),
    placeholderData: previous => previous,
  })
  const mayInvite = me.permissions.has('USER_INVITE') || me.permissions.has('USER_ADMIN')
  const people = page.data?.people ?? []
  const isFiltered = settled !== '' || filter !== 'all'
  const narrow = (change: () => void) => {
    change()
    setPlaces([])
  }
  const turn = (next: readonly number[]) => {
    setPlaces(next)
    top.current?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <PortalFrame me={me} title={t('portal.page.people')} current="people">
      <Group justify="space-between" align="center" mb="md" gap="sm">
        <Title order={1} size="h2">
          {t('portal.page.people')}
        </Title>
        {mayInvite && (
          <Group gap="xs">
            <Button
              leftSection={<IconUserPlus size={16} aria-hidden />}
              onClick={() => setInviting('one')}
              data-testid="invite-person"
            >
              {t('directory.invite')}
            </Button>
            <Button
              variant="default"
              leftSection={<IconUpload size={16} aria-hidden />}
              onClick={() => setInviting('many')}
              data-testid="invite-many"
            >
              {t('directory.inviteMany')}
            </Button>
          </Group>
        )}
      </Group>
      <Group gap="sm" mb="sm">
        <TextInput
          type="search"
          aria-label={t('directory.search')}
          placeholder={t('directory.search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={term}
          maxLength={200}
          onChange={event => {
            const { value } = event.currentTarget
            narrow(() => setTerm(value))
          }}
          className={classes.search}
          data-testid="search-people"
        />
        <NativeSelect
          aria-label={t('directory.filter')}
          value={filter}
          onChange={event => {
            const { value } = event.currentTarget
            narrow(() => setFilter(FILTERS.find(one => one === value) ?? 'all'))
          }}
          data={FILTERS.map(value => ({ value, label: t(`directory.only.${value}`) }))}
          data-testid="filter-people"
        />
      </Group>
      {page.data && (
        <Text size="sm" c="var(--sr-muted)" mb="sm" role="status" data-testid="people-count">
          {page.data.isMore
            ? t('directory.moreThan', { number: formatNumber(page.data.count) })
            : t('directory.count', { count: page.data.count, number: formatNumber(page.data.count) })}
        </Text>
      )}
      {page.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />}
      {page.isError && <Failure text={t('directory.failed')} onRetry={() => void page.refetch()} />}
      {page.isSuccess && people.length === 0 && (
        <Text c="var(--sr-muted)">
          {isFiltered || places.length > 0 ? t('directory.noMatch') : t('directory.empty')}
        </Text>
      )}
      {page.isSuccess && people.length === 1 && people[0]?.id === me.userId && !isFiltered && mayInvite && (
        <Text c="var(--sr-muted)" mb="sm">
          {t('directory.onlyYou')}
        </Text>
      )}
      <ul className={classes.list} ref={top} aria-label={t('portal.page.people')} aria-busy={page.isFetching}>
        {people.map(person => (
          <li key={person.id}>
            <PersonCard me={me} person={person} onOpen={() => setShown(person)} />
          </li>
        ))}
      </ul>
      <Pager
        hasBefore={places.length > 0}
        hasAfter={page.data?.after !== undefined}
        onBefore={() => turn(places.slice(0, -1))}
        onAfter={() => {
          const next = page.data?.after
          if (next !== undefined && !page.isPlaceholderData) turn([...places, next])
        }}
      />
      {shown && <PersonDialog me={me} person={shown} onClose={() => setShown(null)} />}
      {inviting === 'one' && <InviteDialog me={me} onClose={() => setInviting(null)} />}
      {inviting === 'many' && <InviteManyDialog me={me} onClose={() => setInviting(null)} />}
    </PortalFrame>
  )
}
