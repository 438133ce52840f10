import { ActionIcon, Button, Group, Loader, NativeSelect, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type Access,
  type GivenRole,
  giveRole,
  peopleById,
  ROLES,
  roomAccess,
  setDefaultRole,
} from '../../api/access'
import { account } from '../../api/account'
import { type Findable, findPeople } from '../../api/scheduling'
import { IconSearch, IconX } from '../../ui/icons'
import { announce } from '../announce'
import { FormProblem } from '../meetings/MeetingForm'
import classes from '../meetings/Meetings.module.css'

const SHOWN = 1000

/** Roles in a room: of everybody by default, and of the people who are named. */
export function RoomAccess({ roomId }: { roomId: string }) {
  const { t } = useTranslation()
  const access = useQuery({ queryKey: ['access', roomId], queryFn: () => roomAccess(roomId) })
  if (access.isPending) return <Loader size="sm" role="status" aria-label={t('common.loading')} />
  if (access.isError) {
    return <FormProblem text={t('roomAdministration.access.failed', { message: access.error.message })} />
  }
  return access.data ? (
    <Shown roomId={roomId} access={access.data} />
  ) : (
    <FormProblem text={t('roomAdministration.gone')} />
  )
}

type Change = { person: Findable | null; role: GivenRole | null }

function Shown({ roomId, access }: { roomId: string; access: Access }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const me = account.get()
  const mayFind = me.state === 'in' && me.permissions.has('USER_LIST')
  const ids = [...access.named.keys()].slice(0, SHOWN)
  const people = useQuery({
    queryKey: ['people', 'by-id', ids],
    queryFn: () => peopleById(ids),
    enabled: mayFind,
    placeholderData: previous => previous,
  })
  const mutationKey = ['give-access', roomId]
  const giving = useMutation({
    mutationKey,
    mutationFn: ({ person, role }: Change) =>
      person ? giveRole(roomId, person.id, role) : setDefaultRole(roomId, role),
    onSuccess: async (_, { person, role }) => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['access', roomId] }),
        queries.invalidateQueries({ queryKey: ['rooms'] }),
      ])
      const name = person?.name ?? t('roomAdministration.access.byDefault')
      announce(
        role || !person
          ? t('roomAdministration.access.changed', {
              name,
              role: role ? t(`roomAdministration.access.${role}`) : t('roomAdministration.access.nobody'),
            })
          : t('roomAdministration.access.removed', { name }),
      )
    },
  })
  const give = (change: Change) => {
    if (!queries.isMutating({ mutationKey })) giving.mutate(change)
  }
  const roles = ROLES.map(value => ({ value, label: t(`roomAdministration.access.${value}`) }))
  const custom = { value: 'ROLE_CUSTOM', label: t('roomAdministration.access.ROLE_CUSTOM') }
  const chosen = (value: string) => ROLES.find(role => role === value) ?? null
  return (
    <>
      <Text c="var(--sr-muted)" mb="sm">
        {t('roomAdministration.access.lead')}
      </Text>
      <NativeSelect
        label={t('roomAdministration.access.byDefault')}
        value={access.byDefault ?? ''}
        data={[
          { value: '', label: t('roomAdministration.access.nobody') },
          ...roles.filter(({ value }) => value !== 'ROLE_NO_ACCESS' || value === access.byDefault),
          ...(access.byDefault === 'ROLE_CUSTOM' ? [custom] : []),
        ]}
        onChange={event => give({ person: null, role: chosen(event.currentTarget.value) })}
        data-testid="default-role"
      />
      {mayFind ? (
        <Finder named={access.named} onGive={person => give({ person, role: 'ROLE_PARTICIPANT' })} />
      ) : (
        <Text size="sm" c="var(--sr-muted)" mt="sm">
          {t('roomAdministration.access.noFinding')}
        </Text>
      )}
      {giving.error && (
        <FormProblem text={t('roomAdministration.access.failed', { message: giving.error.message })} />
      )}
      <Title order={3} size="h5" mt="md">
        {t('roomAdministration.access.named')}
      </Title>
      {ids.length === 0 && <Text c="var(--sr-muted)">{t('roomAdministration.access.none')}</Text>}
      <ul className={classes.list} style={{ gap: 0 }}>
        {ids.map(id => {
          const person = people.data?.get(id) ?? { id, name: id, email: '' }
          const role = access.named.get(id) ?? 'ROLE_CUSTOM'
          return (
            <li key={id} className={classes.person} data-testid="room-person" data-name={person.name}>
              <div className={classes.what}>
                <bdi>{person.name}</bdi>
                <Text size="sm" c="var(--sr-muted)">
                  {person.email}
                </Text>
              </div>
              <Group gap="xs">
                <NativeSelect
                  size="xs"
                  aria-label={t('roomAdministration.access.role', { name: person.name })}
                  value={role}
                  data={role === 'ROLE_CUSTOM' ? [...roles, custom] : roles}
                  onChange={event => give({ person, role: chosen(event.currentTarget.value) })}
                  data-testid="room-role"
                />
                <ActionIcon
                  size={30}
                  variant="subtle"
                  color="red"
                  aria-label={t('roomAdministration.access.remove', { name: person.name })}
                  onClick={() => give({ person, role: null })}
                  data-testid="remove-access"
                >
                  <IconX size={16} aria-hidden />
                </ActionIcon>
              </Group>
            </li>
          )
        })}
      </ul>
      {access.named.size > SHOWN && <Text size="sm">{t('roomAdministration.access.more')}</Text>}
    </>
  )
}

interface FinderProps {
  named: ReadonlyMap<string, unknown>
  onGive: (person: Findable) => void
}

function Finder({ named, onGive }: FinderProps) {
  const { t } = useTranslation()
  const [term, setTerm] = useState('')
  const [settled] = useDebouncedValue(term.trim(), 200)
  const found = useQuery({
    queryKey: ['people', 'to-invite', settled],
    queryFn: () => findPeople(settled),
    enabled: settled.length > 1,
    placeholderData: previous => previous,
  })
  const people = settled.length > 1 ? (found.data ?? []) : []
  return (
    <>
      <TextInput
        mt="sm"
        type="search"
        label={t('roomAdministration.access.find')}
        placeholder={t('scheduling.people.findHint')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={term}
        onChange={event => setTerm(event.currentTarget.value)}
        error={found.error?.message}
        data-testid="find-people"
      />
      {settled.length > 1 && found.data?.length === 0 && !found.isPlaceholderData && (
        <Text size="sm" c="var(--sr-muted)" role="status" mt={4}>
          {t('scheduling.people.foundNone')}
        </Text>
      )}
      <ul className={classes.list} aria-label={t('scheduling.people.found')} style={{ gap: 0 }}>
        {people.map(person => (
          <li key={person.id} className={classes.person} data-testid="found-person" data-name={person.name}>
            <div className={classes.what}>
              <bdi>{person.name}</bdi>
              <Text size="sm" c="var(--sr-muted)">
                {person.email}
              </Text>
            </div>
            <Button
              size="xs"
              variant="default"
              disabled={named.has(person.id)}
              aria-label={t('roomAdministration.access.give', { name: person.name })}
              onClick={() => onGive(person)}
              data-testid="give-access"
            >
              {t('roomAdministration.access.giveButton')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}
