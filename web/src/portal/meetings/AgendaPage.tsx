import { ActionIcon, Button, Group, Loader, NativeSelect, Text, Title } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { agenda } from '../../api/scheduling'
import { language } from '../../i18n'
import { LOCALES } from '../../i18n/format'
import { navigate } from '../../route/hash'
import { IconCalendarEvent, IconChevronLeft, IconChevronRight, IconPlus } from '../../ui/icons'
import { Failure } from '../Failure'
import { PortalFrame } from '../PortalFrame'
import { AgendaList } from './AgendaList'
import { Calendar } from './Calendar'
import { addDays, besides, type CalendarKind, dayOf, weeksAround } from './days'
import { FeedDialog } from './FeedDialog'
import classes from './Meetings.module.css'

const INTERVAL = 30_000
const MOST_IN_CALENDAR = 500
const PAGE = 25
const KINDS = ['list', 'week', 'month'] as const

interface AgendaPageProps {
  me: SignedIn
  kind: 'list' | CalendarKind
  /** A day of the week or month. */
  date: Date
}

/** Page of meetings: from now on as a list, or in a calendar. Managers of the company see everybody's, too. */
export function AgendaPage({ me, kind, date }: AgendaPageProps) {
  const { t } = useTranslation()
  const [ofEverybody, setOfEverybody] = useState(false)
  const [showsFeed, setShowsFeed] = useState(false)
  const manages = me.permissions.has('MANAGE_COMPANY')
  return (
    <PortalFrame me={me} title={t('scheduling.title')} current="meetings">
      <div className={classes.bar}>
        <Title order={1} size="h2">
          {t('scheduling.title')}
        </Title>
        <Group gap="sm">
          <Button
            variant="default"
            leftSection={<IconCalendarEvent size={16} aria-hidden />}
            onClick={() => setShowsFeed(true)}
            data-testid="meeting-feed"
          >
            {t('scheduling.subscribe')}
          </Button>
          <Button
            component="a"
            href="#/meetings/new"
            leftSection={<IconPlus size={16} aria-hidden />}
            data-testid="new-meeting"
          >
            {t('scheduling.new')}
          </Button>
        </Group>
      </div>
      <div className={classes.bar}>
        <Group gap="sm">
          <NativeSelect
            aria-label={t('scheduling.view')}
            value={kind}
            data={KINDS.map(value => ({ value, label: t(`scheduling.${value}`) }))}
            onChange={event => {
              const chosen = event.currentTarget.value
              navigate(chosen === 'list' ? '#/meetings' : `#/meetings/${chosen}/${dayOf(date)}`)
            }}
            data-testid="agenda-view"
          />
          {manages && (
            <NativeSelect
              aria-label={t('scheduling.whose')}
              value={ofEverybody ? 'all' : 'own'}
              data={[
                { value: 'own', label: t('scheduling.mine') },
                { value: 'all', label: t('scheduling.everybodys') },
              ]}
              onChange={event => setOfEverybody(event.currentTarget.value === 'all')}
              data-testid="agenda-whose"
            />
          )}
        </Group>
        {kind !== 'list' && <CalendarSteps kind={kind} date={date} />}
      </div>
      {kind === 'list' ? (
        <Coming key={String(ofEverybody)} me={me} ofEverybody={ofEverybody} />
      ) : (
        <InCalendar me={me} kind={kind} date={date} ofEverybody={ofEverybody} />
      )}
      {showsFeed && <FeedDialog onClose={() => setShowsFeed(false)} />}
    </PortalFrame>
  )
}

function CalendarSteps({ kind, date }: { kind: CalendarKind; date: Date }) {
  const { t } = useTranslation()
  const go = (to: Date) => navigate(`#/meetings/${kind}/${dayOf(to)}`)
  const days = weeksAround(kind, date).flat()
  const formatter = new Intl.DateTimeFormat(
    LOCALES[language()],
    kind === 'month' ? { month: 'long', year: 'numeric' } : { dateStyle: 'long' },
  )
  const [first = date, last = date] = [days[0], days.at(-1)]
  return (
    <Group gap="xs">
      <Text fw={600} aria-live="polite" data-testid="calendar-span">
        {kind === 'month' ? formatter.format(date) : formatter.formatRange(first, last)}
      </Text>
      <ActionIcon
        size={36}
        variant="default"
        aria-label={t('scheduling.before')}
        onClick={() => go(besides(kind, date, -1))}
        data-testid="calendar-before"
      >
        <IconChevronLeft size={18} aria-hidden />
      </ActionIcon>
      <Button variant="default" onClick={() => go(new Date())}>
        {t('scheduling.today')}
      </Button>
      <ActionIcon
        size={36}
        variant="default"
        aria-label={t('scheduling.after')}
        onClick={() => go(besides(kind, date, 1))}
        data-testid="calendar-after"
      >
        <IconChevronRight size={18} aria-hidden />
      </ActionIcon>
    </Group>
  )
}

function Coming({ me, ofEverybody }: { me: SignedIn; ofEverybody: boolean }) {
  const { t } = useTranslation()
  const [offset, setOffset] = useState(0)
  const found = useQuery({
    queryKey: ['meetings', 'agenda', me.companyId, me.userId, ofEverybody, offset],
    queryFn: () => agenda({ from: new Date().toISOString(), ofEverybody, limit: PAGE, offset }),
    refetchInterval: INTERVAL,
    placeholderData: previous => previous,
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Failure text={t('scheduling.failed')} onRetry={() => void found.refetch()} />
  const { meetings, hasMore } = found.data
  if (!meetings.length && offset > 0 && !found.isPlaceholderData) setOffset(0)
  return (
    <>
      {!meetings.length && (
        <Text c="var(--sr-muted)">{t(ofEverybody ? 'scheduling.emptyAll' : 'scheduling.empty')}</Text>
      )}
      <AgendaList meetings={meetings} />
      {(hasMore || offset > 0) && (
        <Group gap="xs" mt="md">
          <Button
            variant="default"
            disabled={offset === 0 || found.isPlaceholderData}
            onClick={() => setOffset(Math.max(0, offset - PAGE))}
            data-testid="agenda-before"
          >
            {t('scheduling.pageBefore')}
          </Button>
          <Button
            variant="default"
            disabled={!hasMore || found.isPlaceholderData}
            onClick={() => setOffset(offset + PAGE)}
            data-testid="agenda-after"
          >
            {t('scheduling.pageAfter')}
          </Button>
        </Group>
      )}
      <Text size="sm" c="var(--sr-muted)" mt="md">
        {t('scheduling.earlier')}
      </Text>
    </>
  )
}

function InCalendar({
  me,
  kind,
  date,
  ofEverybody,
}: AgendaPageProps & { kind: CalendarKind; ofEverybody: boolean }) {
  const { t } = useTranslation()
  const isNarrow = useMediaQuery('(max-width: 48rem)', false, { getInitialValueInEffect: false })
  const weeks = weeksAround(kind, date)
  const days = weeks.flat()
  const from = (days[0] ?? date).toISOString()
  const to = addDays(days.at(-1) ?? date, 1).toISOString()
  const found = useQuery({
    queryKey: ['meetings', 'agenda', me.companyId, me.userId, ofEverybody, from, to],
    queryFn: () => agenda({ from, to, ofEverybody, limit: MOST_IN_CALENDAR }),
    refetchInterval: INTERVAL,
    placeholderData: previous => previous,
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Failure text={t('scheduling.failed')} onRetry={() => void found.refetch()} />
  const { meetings, hasMore } = found.data
  return (
    <>
      {!meetings.length && (
        <Text c="var(--sr-muted)" mb="sm">
          {t('scheduling.emptySpan')}
        </Text>
      )}
      {isNarrow ? (
        <AgendaList meetings={meetings} days={days} />
      ) : (
        <Calendar kind={kind} weeks={weeks} month={date.getMonth()} meetings={meetings} />
      )}
      {hasMore && (
        <Text c="var(--sr-muted)" mt="sm">
          {t('scheduling.tooMany')}
        </Text>
      )}
    </>
  )
}

function Waiting() {
  const { t } = useTranslation()
  return <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />
}
