import { Anchor, Button, Group, Loader, NativeSelect, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import {
  deleteRecording,
  type ListedRecording,
  listRecordings,
  type RecordingPlace,
  type RecordingsOf,
} from '../../api/scheduling'
import { formatDateTime } from '../../i18n/format'
import { IconTrash } from '../../ui/icons'
import { announce } from '../announce'
import { DeletionQuestion } from '../DeletionQuestion'
import { Failure } from '../Failure'
import classes from '../meetings/Meetings.module.css'
import { RecordingFilm } from '../meetings/RecordingFilm'
import { PortalFrame } from '../PortalFrame'

const INTERVAL = 15_000

interface RecordingsPageProps {
  me: SignedIn
  /** `room` or `meeting`, and its id, where only its recordings are shown. */
  rest: readonly string[]
}

/** The recordings of one's own meetings and of the rooms that one moderates; whoever manages the company sees those of
 * everybody, too. */
export function RecordingsPage({ me, rest }: RecordingsPageProps) {
  const { t } = useTranslation()
  const [ofEverybody, setOfEverybody] = useState(false)
  const of = recordingsOf(rest)
  const ofOne = of.roomId ?? of.meetingId ?? ''
  /** Behind which places the pages begin that somebody has gone to, the one that is shown last. */
  const [places, setPlaces] = useState<readonly RecordingPlace[]>([])
  const after = places.at(-1)
  const found = useQuery({
    queryKey: ['recordings', me.companyId, me.userId, ofEverybody, ofOne, after],
    queryFn: () => listRecordings(ofEverybody, of, after),
    refetchInterval: INTERVAL,
    placeholderData: previous => previous,
  })
  const page = found.data
  const title = page?.recordings[0]?.title
  if (page && !page.recordings.length && places.length && !found.isPlaceholderData) {
    setPlaces(places.slice(0, -1))
  }
  const onAfter = () => {
    if (page?.following && !found.isPlaceholderData) setPlaces([...places, page.following])
  }
  return (
    <PortalFrame me={me} title={t('portal.page.recordings')} current="recordings">
      <div className={classes.bar}>
        <Title order={1} size="h2">
          {t('portal.page.recordings')}
        </Title>
        {me.permissions.has('MANAGE_COMPANY') && (
          <NativeSelect
            aria-label={t('recordings.whose')}
            value={ofEverybody ? 'all' : 'own'}
            data={[
              { value: 'own', label: t('scheduling.mine') },
              { value: 'all', label: t('scheduling.everybodys') },
            ]}
            onChange={event => {
              setOfEverybody(event.currentTarget.value === 'all')
              setPlaces([])
            }}
            data-testid="recordings-whose"
          />
        )}
      </div>
      {ofOne && (
        <Group gap="xs" mb="md" data-testid="recordings-of">
          <Text>
            {title
              ? t(of.roomId ? 'recordings.ofRoom' : 'recordings.ofMeeting', { title })
              : t(of.roomId ? 'recordings.ofOneRoom' : 'recordings.ofOneMeeting')}
          </Text>
          <Anchor href="#/recordings" data-testid="all-recordings">
            {t('recordings.all')}
          </Anchor>
        </Group>
      )}
      {found.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />}
      {found.isError && <Failure text={t('recordings.failed')} onRetry={() => void found.refetch()} />}
      {page?.recordings.length === 0 && !places.length && (
        <Text c="var(--sr-muted)">{t(ofOne ? 'recordings.noneOfIt' : 'recordings.empty')}</Text>
      )}
      <ul className={classes.list}>
        {page?.recordings.map(one => (
          <li key={one.id}>
            <Row recording={one} isFiltered={ofOne !== ''} />
          </li>
        ))}
      </ul>
      {(places.length > 0 || page?.following) && (
        <Group gap="xs" mt="md">
          <Button
            variant="default"
            disabled={!places.length}
            onClick={() => setPlaces(places.slice(0, -1))}
            data-testid="recordings-before"
          >
            {t('scheduling.pageBefore')}
          </Button>
          <Button
            variant="default"
            disabled={!page?.following || found.isPlaceholderData}
            onClick={onAfter}
            data-testid="recordings-after"
          >
            {t('scheduling.pageAfter')}
          </Button>
        </Group>
      )}
      {page && (
        <Text size="sm" c="var(--sr-muted)" mt="md">
          {t('recordings.kept', { count: page.keptDays })} {t('recordings.link')}
        </Text>
      )}
    </PortalFrame>
  )
}

function recordingsOf([kind, id]: readonly string[]): RecordingsOf {
  if (!id) return {}
  return kind === 'room' ? { roomId: id } : { meetingId: id }
}

interface RowProps {
  recording: ListedRecording
  /** Whether only recordings of one room or meeting are shown. */
  isFiltered: boolean
}

function Row({ recording, isFiltered }: RowProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const { id, title, meetingId, roomId, state, start, isOwn, organizerName } = recording
  const ofSame = roomId ? `#/recordings/room/${roomId}` : `#/recordings/meeting/${meetingId}`
  const mutationKey = ['delete-recording', id]
  const name = t('recordings.name', { title, time: formatDateTime(start) })
  const removal = useMutation({
    mutationKey,
    mutationFn: () => deleteRecording(id),
    onSuccess: async () => {
      announce(t('recordings.deleted', { title }))
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['recordings'] }),
        queries.invalidateQueries({ queryKey: ['meetings', 'summary'] }),
      ])
    },
  })
  const isFinished = state === 'ready' || state === 'failed'
  return (
    <article className={classes.entry} data-testid="listed-recording" data-name={title}>
      <div className={classes.what}>
        {meetingId ? (
          <Anchor href={`#/meetings/one/${meetingId}`} fw={600} className={classes.topic}>
            <bdi>{title}</bdi>
          </Anchor>
        ) : (
          <Text fw={600} className={classes.topic}>
            <bdi>{title}</bdi>
          </Text>
        )}
        {meetingId && !isOwn && (
          <Text size="sm" c="var(--sr-muted)">
            {t('scheduling.by', { name: organizerName })}
          </Text>
        )}
        {!isFiltered && (
          <Anchor href={ofSame} size="sm" data-testid="recordings-of-same">
            {t(roomId ? 'recordings.ofThisRoom' : 'recordings.ofThisMeeting')}
          </Anchor>
        )}
        <RecordingFilm recording={recording} />
      </div>
      {isFinished && !asking && (
        <Button
          variant="subtle"
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          aria-label={t('recordings.deleteOf', { name })}
          onClick={() => setAsking(true)}
          data-testid="delete-recording"
        >
          {t('common.delete')}
        </Button>
      )}
      {asking && (
        <DeletionQuestion
          text={t(roomId ? 'recordings.confirmOfRoom' : 'recordings.confirm', { title })}
          failure={removal.error && t('links.failed', { message: removal.error.message })}
          isPending={removal.isPending || removal.isSuccess}
          onConfirm={() => queries.isMutating({ mutationKey }) || removal.mutate()}
          onCancel={() => setAsking(false)}
        />
      )}
    </article>
  )
}
