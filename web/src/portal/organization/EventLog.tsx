import { Button, Group, Loader, NativeSelect, Switch, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { type LoggedEvent, listEvents } from '../../api/organization'
import { formatDateTime } from '../../i18n/format'
import { Failure } from '../Failure'
import { Pager } from '../Pager'
import { problemText } from '../problemText'
import { startOfDay } from '../startOfDay'
import classes from './Organization.module.css'

const LIVE_INTERVAL = 2_000

/** Log of the events in the organization: newest first, filtered, and as they happen. */
export function EventLog({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [type, setType] = useState('')
  const [since, setSince] = useState('')
  const [until, setUntil] = useState('')
  const [object, setObject] = useState('')
  const [objectId] = useDebouncedValue(object.trim(), 300)
  const [isLive, setLive] = useState(true)
  const [places, setPlaces] = useState<readonly number[]>([])
  const before = places.at(-1)
  const wanted = {
    types: type ? [type] : [],
    objectId,
    since: startOfDay(since, 0),
    until: startOfDay(until, 1),
    ...(before !== undefined && { before }),
  }
  const page = useQuery({
    queryKey: ['events', me.companyId, wanted],
    queryFn: () => listEvents(wanted),
    refetchInterval: isLive && before === undefined ? LIVE_INTERVAL : false,
    placeholderData: previous => previous,
  })
  const narrow = (change: (value: string) => void) => (event: { currentTarget: { value: string } }) => {
    change(event.currentTarget.value)
    setPlaces([])
  }
  const known = page.data?.known ?? []
  const kinds = [...new Set(known.map(one => one.split('.')[0] ?? ''))].filter(Boolean)
  return (
    <>
      <Group gap="sm" mb="md" align="end">
        <NativeSelect
          label={t('organization.eventType')}
          value={type}
          onChange={narrow(setType)}
          data={[
            { value: '', label: t('organization.allEvents') },
            ...kinds.flatMap(kind => [
              { value: `${kind}.*`, label: `${kind}.*` },
              ...known.filter(one => one.startsWith(`${kind}.`)).map(one => ({ value: one, label: one })),
            ]),
          ]}
          data-testid="event-type"
        />
        <TextInput
          type="date"
          label={t('organization.since')}
          value={since}
          onChange={narrow(setSince)}
          data-testid="event-since"
        />
        <TextInput
          type="date"
          label={t('organization.until')}
          value={until}
          onChange={narrow(setUntil)}
          data-testid="event-until"
        />
        <TextInput
          label={t('organization.object')}
          value={object}
          onChange={narrow(setObject)}
          maxLength={36}
          data-testid="event-object"
        />
        <Switch
          label={t('organization.live')}
          checked={isLive}
          onChange={event => setLive(event.currentTarget.checked)}
          mb={8}
          data-testid="events-live"
        />
      </Group>
      {page.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" />}
      {page.isError && <Failure text={problemText(t, page.error)} onRetry={() => void page.refetch()} />}
      {page.data?.events.length === 0 && <Text c="var(--sr-muted)">{t('organization.noEvents')}</Text>}
      {!!page.data?.events.length && (
        <ul className={classes.events} aria-label={t('organization.part.events')}>
          {page.data.events.map(event => (
            <li key={event.id} className={classes.event} data-testid="event" data-type={event.type}>
              <EventRow event={event} onObject={() => setObject(event.objectId)} />
            </li>
          ))}
        </ul>
      )}
      <Pager
        hasBefore={places.length > 0}
        hasAfter={page.data?.before !== undefined}
        onBefore={() => setPlaces(places.slice(0, -1))}
        onAfter={() => {
          const next = page.data?.before
          if (next !== undefined && !page.isPlaceholderData) setPlaces([...places, next])
        }}
      />
    </>
  )
}

function EventRow({ event, onObject }: { event: LoggedEvent; onObject: () => void }) {
  const { t } = useTranslation()
  const said = event.data as Record<string, unknown>
  const about = [said.display_name, said.name, said.username, said.topic, said.client_id].find(
    one => typeof one === 'string' && one !== '',
  )
  return (
    <details>
      <summary>
        <Text span fw={600}>
          {event.type}
        </Text>{' '}
        {about !== undefined && <bdi>{String(about)}</bdi>}{' '}
        <Text span size="sm" c="var(--sr-muted)">
          <time dateTime={event.occurredAt}>{formatDateTime(event.occurredAt)}</time>
        </Text>
      </summary>
      <pre className={classes.data}>{JSON.stringify(event.data, null, 2)}</pre>
      <Button size="xs" variant="default" mt="xs" onClick={onObject} data-testid="event-same-object">
        {t('organization.sameObject')}
      </Button>
    </details>
  )
}
