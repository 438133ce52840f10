import { Anchor, Group, Loader, NativeSelect, Table, Text, TextInput, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { type RoomStay, roomAttendance, wholeRoomAttendance } from '../../api/attendance'
import { formatDateTime, formatNumber } from '../../i18n/format'
import { IconArrowLeft } from '../../ui/icons'
import { Failure } from '../Failure'
import { Pager } from '../Pager'
import { PortalFrame } from '../PortalFrame'
import { problemText } from '../problemText'
import { startOfDay } from '../startOfDay'
import classes from './Attendance.module.css'
import { kindOf, minutesOf, ownZone } from './attendanceTable'
import { DownloadAttendance } from './DownloadAttendance'

const INTERVAL = 15_000

/** Attendance of a room, who was in it and when: a page at a time, and as a file. */
export function AttendancePage({ me, roomId }: { me: SignedIn; roomId: string }) {
  const { t } = useTranslation()
  const [since, setSince] = useState('')
  const [until, setUntil] = useState('')
  const [isOldestFirst, setOldestFirst] = useState(false)
  const [places, setPlaces] = useState<readonly number[]>([])
  const after = places.at(-1)
  const first = startOfDay(since, 0)
  const end = startOfDay(until, 1)
  const chosen = { ...(first && { since: first }), ...(end && { until: end }), isOldestFirst }
  const wanted = { ...chosen, ...(after !== undefined && { after }) }
  const page = useQuery({
    queryKey: ['attendance', me.companyId, roomId, wanted],
    queryFn: () => roomAttendance(roomId, wanted),
    refetchInterval: after === undefined ? INTERVAL : false,
    placeholderData: previous => previous,
  })
  const name = page.data?.roomName ?? ''
  const narrow = (change: () => void) => {
    change()
    setPlaces([])
  }
  // People inside have not left in any time that is over.
  const isOver = end !== '' && Date.parse(end) <= Date.now()
  const inside = isOver ? [] : (page.data?.inside ?? [])
  const shown = [...inside, ...(page.data?.stays ?? [])]
  return (
    <PortalFrame me={me} title={t('attendance.title')} current="rooms">
      <Anchor href="#/rooms">
        <Group gap={4} component="span" display="inline-flex">
          <IconArrowLeft size={16} aria-hidden />
          {t('portal.page.rooms')}
        </Group>
      </Anchor>
      <Title order={1} size="h2" mt="xs" mb={4} data-testid="attendance-title">
        {name ? t('attendance.of', { room: name }) : t('attendance.title')}
      </Title>
      <Text c="var(--sr-muted)" mb="md">
        {t('attendance.lead', { zone: ownZone() })}{' '}
        <Anchor href={`#/recordings/room/${encodeURIComponent(roomId)}`} data-testid="recordings-of-room">
          {t('recordings.toThose')}
        </Anchor>
      </Text>
      <Group gap="sm" mb="md" align="end">
        <TextInput
          type="date"
          label={t('attendance.since')}
          value={since}
          onChange={event => narrow(() => setSince(event.currentTarget.value))}
          data-testid="attendance-since"
        />
        <TextInput
          type="date"
          label={t('attendance.until')}
          value={until}
          onChange={event => narrow(() => setUntil(event.currentTarget.value))}
          data-testid="attendance-until"
        />
        <NativeSelect
          label={t('attendance.order')}
          value={isOldestFirst ? 'oldest' : 'newest'}
          onChange={event => narrow(() => setOldestFirst(event.currentTarget.value === 'oldest'))}
          data={[
            { value: 'newest', label: t('attendance.newest') },
            { value: 'oldest', label: t('attendance.oldest') },
          ]}
          data-testid="attendance-order"
        />
        <DownloadAttendance
          name={name}
          load={async () => {
            const all = await wholeRoomAttendance(roomId, chosen)
            return isOver ? all.filter(({ leftAt }) => leftAt !== null) : all
          }}
        />
      </Group>
      {page.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" />}
      {page.isError && <Failure text={problemText(t, page.error)} onRetry={() => void page.refetch()} />}
      {page.data && !page.isError && shown.length === 0 && (
        <Text c="var(--sr-muted)">{t(since || until ? 'attendance.noneThen' : 'attendance.none')}</Text>
      )}
      {!page.isError && shown.length > 0 && <StayTable stays={shown} name={name} />}
      <Pager
        hasBefore={places.length > 0}
        hasAfter={page.data?.following !== undefined}
        onBefore={() => setPlaces(places.slice(0, -1))}
        onAfter={() => {
          const next = page.data?.following
          if (next !== undefined && !page.isPlaceholderData) setPlaces([...places, next])
        }}
      />
    </PortalFrame>
  )
}

function StayTable({ stays, name }: { stays: readonly RoomStay[]; name: string }) {
  const { t } = useTranslation()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className={classes.scroll} tabIndex={0} aria-label={t('attendance.of', { room: name })}>
      <Table data-testid="attendance">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('attendance.name')}</Table.Th>
            <Table.Th scope="col">{t('attendance.kind')}</Table.Th>
            <Table.Th scope="col">{t('attendance.came')}</Table.Th>
            <Table.Th scope="col">{t('attendance.left')}</Table.Th>
            <Table.Th scope="col" className={classes.number}>
              {t('attendance.minutes')}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {stays.map((one, index) => {
            const minutes = minutesOf(one)
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: two people of one name may come at once
              <Table.Tr key={`${index} ${one.joinedAt}`} data-testid="stay" data-name={one.name}>
                <Table.Td>
                  <bdi>{one.name}</bdi>
                </Table.Td>
                <Table.Td>{kindOf(t, one)}</Table.Td>
                <Table.Td className={classes.time}>
                  <time dateTime={one.joinedAt}>{formatDateTime(one.joinedAt)}</time>
                </Table.Td>
                <Table.Td className={classes.time}>
                  {one.leftAt ? (
                    <time dateTime={one.leftAt}>{formatDateTime(one.leftAt)}</time>
                  ) : (
                    t('attendance.still')
                  )}
                </Table.Td>
                <Table.Td className={classes.number}>
                  {minutes === null ? '–' : formatNumber(minutes)}
                </Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
    </section>
  )
}
