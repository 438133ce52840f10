import { Button, Group, Loader, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { wholeMeetingAttendance } from '../../api/attendance'
import { meetingSummary, type ScheduledMeeting } from '../../api/scheduling'
import { formatDateTime, formatTime } from '../../i18n/format'
import { LinkedText } from '../../room/LinkedText'
import { minutesOf } from '../attendance/attendanceTable'
import { DownloadAttendance } from '../attendance/DownloadAttendance'
import { FormProblem } from './MeetingForm'
import classes from './Meetings.module.css'
import { RecordingFilm } from './RecordingFilm'

const INTERVAL = 15_000
/** As many as the server tells at once. */
const PAGE = 200

/** Summary of a meeting: who was there and when, what was written to everybody, and what was recorded. */
export function Summary({ meeting }: { meeting: ScheduledMeeting }) {
  const { t } = useTranslation()
  const [people, setPeople] = useState(0)
  const [lines, setLines] = useState(0)
  const found = useQuery({
    queryKey: ['meetings', 'summary', meeting.id, people, lines],
    queryFn: () => meetingSummary(meeting.id, people, lines),
    refetchInterval: INTERVAL,
    // An address of a recording stays as it is, so that a film that plays is not begun anew.
    structuralSharing: true,
    placeholderData: previous => previous,
    retry: false,
  })
  const summary = found.data
  const isEmpty = summary && !summary.peopleInAll && !summary.chatInAll && !summary.recordings.length
  return (
    <section aria-labelledby="summary-title" data-testid="meeting-summary">
      <Title order={2} size="h4" id="summary-title" mt="lg" mb="xs">
        {t('scheduling.summary.title')}
      </Title>
      {found.isPending && <Loader size="sm" role="status" aria-label={t('common.loading')} />}
      {found.isError && (
        <FormProblem text={t('scheduling.summary.failed', { message: found.error.message })} />
      )}
      {isEmpty && <Text c="var(--sr-muted)">{t('scheduling.summary.notYet')}</Text>}
      {summary && !isEmpty && (
        <>
          <Part title={t('scheduling.summary.people')}>
            {summary.people.length ? (
              <div className={classes.scroll}>
                <Table data-testid="attendance">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('scheduling.summary.name')}</Table.Th>
                      <Table.Th>{t('scheduling.summary.came')}</Table.Th>
                      <Table.Th>{t('scheduling.summary.left')}</Table.Th>
                      <Table.Th ta="end">{t('attendance.minutes')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {summary.people.map(one => (
                      <Table.Tr key={`${one.joinedAt} ${one.name} ${one.email}`}>
                        <Table.Td>
                          <bdi>{one.name}</bdi>{' '}
                          <Text span size="sm" c="var(--sr-muted)">
                            {one.email || (one.isGuest ? t('scheduling.summary.guest') : '')}
                          </Text>
                        </Table.Td>
                        <Table.Td>
                          <time dateTime={one.joinedAt}>{formatDateTime(one.joinedAt)}</time>
                        </Table.Td>
                        <Table.Td>
                          {one.leftAt ? (
                            <time dateTime={one.leftAt}>{formatTime(one.leftAt)}</time>
                          ) : (
                            t('scheduling.summary.still')
                          )}
                        </Table.Td>
                        <Table.Td ta="end">{minutesOf(one) ?? '–'}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            ) : (
              <Text c="var(--sr-muted)">{t('scheduling.summary.peopleNone')}</Text>
            )}
            <Pages offset={people} count={summary.peopleInAll} onOffset={setPeople} />
            {summary.peopleInAll > 0 && (
              <DownloadAttendance name={meeting.topic} load={() => wholeMeetingAttendance(meeting.id)} />
            )}
          </Part>
          <Part title={t('scheduling.summary.chat')}>
            {summary.chat.length ? (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
              <section className={classes.chat} tabIndex={0} aria-label={t('scheduling.summary.chat')}>
                {summary.chat.map(line => (
                  <Text key={`${line.sentAt} ${line.name} ${line.text}`} size="sm">
                    <Text span c="var(--sr-muted)">
                      <time dateTime={line.sentAt}>{formatTime(line.sentAt)}</time>
                    </Text>{' '}
                    <Text span fw={600}>
                      <bdi>{line.name}</bdi>
                    </Text>{' '}
                    <LinkedText text={line.text} />
                  </Text>
                ))}
              </section>
            ) : (
              <Text c="var(--sr-muted)">{t('scheduling.summary.chatNone')}</Text>
            )}
            <Pages offset={lines} count={summary.chatInAll} onOffset={setLines} />
          </Part>
          <Part title={t('scheduling.summary.recordings')}>
            {summary.recordings.map(one => (
              <RecordingFilm key={one.id} recording={one} />
            ))}
            {!summary.recordings.length && (
              <Text c="var(--sr-muted)">{t('scheduling.summary.recordingsNone')}</Text>
            )}
          </Part>
        </>
      )}
    </section>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <Title order={3} size="h5" mt="md" mb={4}>
        {title}
      </Title>
      {children}
    </>
  )
}

interface PagesProps {
  offset: number
  count: number
  onOffset: (offset: number) => void
}

function Pages({ offset, count, onOffset }: PagesProps) {
  const { t } = useTranslation()
  if (count <= PAGE) return null
  return (
    <Group gap="xs" mt="xs">
      <Button size="xs" variant="default" disabled={!offset} onClick={() => onOffset(offset - PAGE)}>
        {t('scheduling.pageBefore')}
      </Button>
      <Text size="sm">
        {t('scheduling.summary.page', {
          from: String(offset + 1),
          to: String(Math.min(count, offset + PAGE)),
          count,
        })}
      </Text>
      <Button
        size="xs"
        variant="default"
        disabled={offset + PAGE >= count}
        onClick={() => onOffset(offset + PAGE)}
      >
        {t('scheduling.pageAfter')}
      </Button>
    </Group>
  )
}
