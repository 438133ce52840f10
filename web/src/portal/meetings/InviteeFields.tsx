import { ActionIcon, Button, Group, NativeSelect, Text, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { findPeople } from '../../api/scheduling'
import { IconPlus, IconSearch, IconX } from '../../ui/icons'
import { type InviteeEntry, readAddresses, withInvitees } from './entries'
import classes from './Meetings.module.css'

interface InviteeFieldsProps {
  /** Whether one may look for people of the organization. */
  mayFind: boolean
  invitees: readonly InviteeEntry[]
  onInvitees: (invitees: readonly InviteeEntry[]) => void
  problems: Readonly<Record<string, string>>
}

/** Fields for the invitees: by address, or found among the people of the organization. */
export function InviteeFields({ mayFind, invitees, onInvitees, problems }: InviteeFieldsProps) {
  const { t } = useTranslation()
  const [said, setSaid] = useState('')
  const heading = useRef<HTMLParagraphElement>(null)
  const add = (added: readonly InviteeEntry[], word: string) => {
    onInvitees(withInvitees(invitees, added))
    setSaid(t('scheduling.people.added', { name: word }))
  }
  const remove = (one: InviteeEntry) => {
    onInvitees(invitees.filter(other => other !== one))
    setSaid(t('scheduling.people.removed', { name: nameOf(one) }))
    // The button that was pressed is gone.
    heading.current?.focus()
  }
  const change = (one: InviteeEntry, role: InviteeEntry['role']) =>
    onInvitees(invitees.map(other => (other === one ? { ...one, role } : other)))
  return (
    <>
      {mayFind && <PeopleFinder invitees={invitees} onAdd={one => add([one], nameOf(one))} />}
      <AddressField onAdd={found => add(found, found.map(nameOf).join(', '))} />
      <Text ref={heading} tabIndex={-1} mt="sm" size="sm" c="var(--sr-muted)" data-testid="invitee-count">
        {invitees.length
          ? t('scheduling.people.count', { count: invitees.length })
          : t('scheduling.people.none')}
      </Text>
      <ul className={classes.list} aria-label={t('scheduling.people.list')} style={{ gap: 0 }}>
        {invitees.map((one, index) => (
          <li key={one.email} className={classes.person} data-testid="invitee" data-name={one.email}>
            <div className={classes.what}>
              <bdi>{nameOf(one)}</bdi>
              {nameOf(one) !== one.email && (
                <Text size="sm" c="var(--sr-muted)">
                  {one.email}
                </Text>
              )}
              {problemOf(problems, index) && (
                <Text size="sm" c="var(--mantine-color-error)">
                  {problemOf(problems, index)}
                </Text>
              )}
            </div>
            <Group gap="xs">
              <NativeSelect
                size="xs"
                aria-label={t('scheduling.people.role', { name: nameOf(one) })}
                value={one.role}
                data={(['participant', 'moderator'] as const).map(value => ({
                  value,
                  label: t(`scheduling.people.${value}`),
                }))}
                onChange={event =>
                  change(one, event.currentTarget.value === 'moderator' ? 'moderator' : 'participant')
                }
                data-testid="invitee-role"
              />
              <ActionIcon
                size={30}
                variant="subtle"
                color="red"
                aria-label={t('scheduling.people.remove', { name: nameOf(one) })}
                onClick={() => remove(one)}
                data-testid="remove-invitee"
              >
                <IconX size={16} aria-hidden />
              </ActionIcon>
            </Group>
          </li>
        ))}
      </ul>
      <div className="sr-only" role="status">
        {said}
      </div>
    </>
  )
}

function AddressField({ onAdd }: { onAdd: (found: readonly InviteeEntry[]) => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<readonly string[]>([])
  const add = () => {
    const read = readAddresses(text)
    if (read.found.length) onAdd(read.found)
    setWrong(read.wrong)
    setText(read.wrong.join(', '))
  }
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey) return
    // The form is not done with this.
    event.preventDefault()
    add()
  }
  return (
    <Group align="flex-end" gap="xs" mt="sm">
      <Textarea
        label={t('scheduling.people.add')}
        description={t('scheduling.people.addHint')}
        value={text}
        onChange={event => setText(event.currentTarget.value)}
        onKeyDown={pressed}
        // A person who goes on without pressing the button means what is written here all the same.
        onBlur={add}
        autosize
        minRows={1}
        maxRows={6}
        error={
          wrong.length ? t('scheduling.people.wrong', { list: wrong.slice(0, 10).join(', ') }) : undefined
        }
        style={{ flex: '1 1 16rem' }}
        data-testid="invitee-addresses"
      />
      <Button
        variant="default"
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={add}
        data-testid="add-invitees"
      >
        {t('scheduling.people.addButton')}
      </Button>
    </Group>
  )
}

interface PeopleFinderProps {
  invitees: readonly InviteeEntry[]
  onAdd: (one: InviteeEntry) => void
}

function PeopleFinder({ invitees, onAdd }: PeopleFinderProps) {
  const { t } = useTranslation()
  const [term, setTerm] = useState('')
  const [settled] = useDebouncedValue(term.trim(), 200)
  const found = useQuery({
    queryKey: ['people', 'to-invite', settled],
    queryFn: () => findPeople(settled),
    enabled: settled.length > 1,
    placeholderData: previous => previous,
  })
  const invited = new Set(invitees.map(({ email }) => email.toLowerCase()))
  const people = settled.length > 1 ? (found.data ?? []) : []
  return (
    <>
      <TextInput
        type="search"
        label={t('scheduling.people.find')}
        placeholder={t('scheduling.people.findHint')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={term}
        onChange={event => setTerm(event.currentTarget.value)}
        onKeyDown={event => event.key === 'Enter' && event.preventDefault()}
        error={found.error?.message}
        data-testid="find-people"
      />
      {people.length > 0 && (
        <ul className={classes.list} aria-label={t('scheduling.people.found')} style={{ gap: 0 }}>
          {people.map(({ id, name, email }) => (
            <li key={id} className={classes.person} data-testid="found-person" data-name={name}>
              <div className={classes.what}>
                <bdi>{name}</bdi>
                <Text size="sm" c="var(--sr-muted)">
                  {email}
                </Text>
              </div>
              <Button
                size="xs"
                variant="default"
                disabled={invited.has(email.toLowerCase())}
                aria-label={t('scheduling.people.addOne', { name })}
                onClick={() => onAdd(entryOf(name, email))}
                data-testid="add-person"
              >
                {t('scheduling.people.addButton')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {settled.length > 1 && found.data?.length === 0 && !found.isPlaceholderData && (
        <Text size="sm" c="var(--sr-muted)" role="status" mt={4}>
          {t('scheduling.people.foundNone')}
        </Text>
      )}
    </>
  )
}

function entryOf(name: string, email: string): InviteeEntry {
  const words = name.split(' ')
  const lastName = words.length > 1 ? (words.pop() ?? '') : ''
  return { email, firstName: words.join(' '), lastName, role: 'participant', locale: '' }
}

export function nameOf({
  firstName,
  lastName,
  email,
}: {
  firstName: string
  lastName: string
  email: string
}) {
  return [firstName, lastName].filter(Boolean).join(' ') || email
}

function problemOf(problems: Readonly<Record<string, string>>, index: number): string | undefined {
  return Object.entries(problems).find(([name]) => name.startsWith(`invitees[${index}]`))?.[1]
}
