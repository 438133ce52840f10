import { Button, CopyButton, Text, Title } from '@mantine/core'
import { useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useTranslation } from 'react-i18next'
import type { OwnMeeting } from '../api/meetings'
import { formatSpan, otherTime } from '../meeting/times'
import { IconCheck, IconCopy, IconDoorEnter, IconRepeat } from '../ui/icons'
import classes from './MeetingList.module.css'

/** More than these are shown when asked for: below them are the rooms. */
const AT_FIRST = 5

/** The meetings that somebody organizes, at the next of their times. */
export function MeetingList({ meetings }: { meetings: readonly OwnMeeting[] }) {
  const { t } = useTranslation()
  const [all, setAll] = useState(false)
  const list = useRef<HTMLUListElement>(null)
  const shown = all ? meetings : meetings.slice(0, AT_FIRST)
  const showAll = () => {
    flushSync(() => setAll(true))
    // The button that was pressed is gone: go on with the first of those that it has brought.
    list.current?.children[AT_FIRST]?.querySelector('a')?.focus()
  }
  return (
    <section className={classes.section} aria-labelledby="meetings-title" data-testid="own-meetings">
      <Title order={2} id="meetings-title" mb="md">
        {t('portal.meetings')}
      </Title>
      <ul className={classes.list} ref={list}>
        {shown.map(meeting => (
          <li key={meeting.number}>
            <MeetingCard meeting={meeting} />
          </li>
        ))}
      </ul>
      {shown.length < meetings.length && (
        <Button variant="default" mt="sm" onClick={showAll} data-testid="all-meetings">
          {t('portal.allMeetings', { count: meetings.length })}
        </Button>
      )}
    </section>
  )
}

function MeetingCard({ meeting }: { meeting: OwnMeeting }) {
  const { t } = useTranslation()
  const { number, topic, start, end, timezone, link, isRecurring, isOn } = meeting
  const there = otherTime(start, end, timezone)
  return (
    <article className={classes.meeting} data-testid="own-meeting" data-name={topic}>
      <div className={classes.what}>
        <Text fw={600} className={classes.topic}>
          <bdi>{topic}</bdi>
          {isOn && <span className={classes.on}>{t('portal.onNow')}</span>}
        </Text>
        <Text size="sm" c="var(--sr-muted)">
          <time dateTime={start}>{formatSpan(start, end)}</time>
          {there && <span className={classes.there}>{t('meeting.there', { ...there })}</span>}
        </Text>
        {isRecurring && (
          <Text size="sm" c="var(--sr-muted)" className={classes.repeats}>
            <IconRepeat size={16} aria-hidden />
            {t('portal.repeats')}
          </Text>
        )}
      </div>
      <div className={classes.actions}>
        <CopyButton value={link} timeout={2_000}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              aria-label={copied ? t('portal.copied') : t('portal.copyLinkOf', { topic })}
              onClick={copy}
              data-testid="copy-meeting-link"
            >
              {copied ? t('portal.copied') : t('portal.copyLink')}
            </Button>
          )}
        </CopyButton>
        <Button
          component="a"
          href={`#/meeting/${number}`}
          leftSection={<IconDoorEnter size={16} aria-hidden />}
          aria-label={t('portal.enterMeeting', { topic })}
          data-testid="enter-meeting"
        >
          {t('portal.enter')}
        </Button>
      </div>
    </article>
  )
}
