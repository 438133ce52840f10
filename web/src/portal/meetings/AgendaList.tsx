import { Anchor, Button, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AgendaEntry } from '../../api/scheduling'
import { language } from '../../i18n'
import { LOCALES } from '../../i18n/format'
import { formatSpan, otherTime } from '../../meeting/times'
import { IconDoorEnter, IconRepeat, IconUser } from '../../ui/icons'
import { byDay, dayOf } from './days'
import classes from './Meetings.module.css'

interface AgendaListProps {
  meetings: readonly AgendaEntry[]
  /** With them, what takes place stands under its days. */
  days?: readonly Date[]
}

/** Meetings one below the other. */
export function AgendaList({ meetings, days }: AgendaListProps) {
  const full = new Intl.DateTimeFormat(LOCALES[language()], { dateStyle: 'full' })
  if (!days) return <Entries meetings={meetings} />
  const found = byDay(meetings, days)
  return days.map(date => {
    const of = found.get(dayOf(date)) ?? []
    if (!of.length) return null
    return (
      <section key={dayOf(date)}>
        <Title order={2} size="h5" className={classes.dayHeading}>
          {full.format(date)}
        </Title>
        <Entries meetings={of} />
      </section>
    )
  })
}

function Entries({ meetings }: { meetings: readonly AgendaEntry[] }) {
  return (
    <ul className={classes.list}>
      {meetings.map(one => (
        <li key={one.id}>
          <Entry entry={one} />
        </li>
      ))}
    </ul>
  )
}

function Entry({ entry }: { entry: AgendaEntry }) {
  const { t } = useTranslation()
  const { id, number, topic, kind, start, end, timezone, isRecurring, state, organizerName, isOwn } = entry
  const there = otherTime(start, end, timezone)
  return (
    <article className={classes.entry} data-testid="agenda-entry" data-name={topic} data-state={state}>
      <div className={classes.what}>
        <Anchor href={`#/meetings/one/${id}`} fw={600} className={classes.topic} data-testid="open-meeting">
          <bdi>{topic}</bdi>
        </Anchor>
        <div className={classes.marks}>
          <time dateTime={start}>{formatSpan(start, end)}</time>
          {there && <span>{t('meeting.there', { ...there })}</span>}
        </div>
        <div className={classes.marks}>
          {state !== 'to_come' && (
            <span className={state === 'on' ? classes.on : undefined}>{t(`scheduling.state.${state}`)}</span>
          )}
          {isRecurring && (
            <span className={classes.mark}>
              <IconRepeat size={16} aria-hidden />
              {t('portal.repeats')}
            </span>
          )}
          {kind !== 'standard' && <span>{t(`scheduling.kind.${kind}`)}</span>}
          {!isOwn && (
            <span className={classes.mark}>
              <IconUser size={16} aria-hidden />
              {t('scheduling.by', { name: organizerName })}
            </span>
          )}
        </div>
      </div>
      {state !== 'over' && (
        <Button
          component="a"
          variant={state === 'on' ? 'filled' : 'default'}
          href={`#/meeting/${number}`}
          leftSection={<IconDoorEnter size={16} aria-hidden />}
          aria-label={t('portal.enterMeeting', { topic })}
          data-testid="enter-meeting"
        >
          {t('portal.enter')}
        </Button>
      )}
    </article>
  )
}
