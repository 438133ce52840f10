import { Anchor, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Meeting } from '../api/meetings'
import { formatTime } from '../i18n/format'
import { PageFrame, useHeadingFocus } from '../ui/PageFrame'
import { Agenda } from './Agenda'
import classes from './Meeting.module.css'
import { MeetingFacts } from './MeetingFacts'
import { remaining } from './times'

interface BeforeStartProps {
  meeting: Meeting
  identity: ReactNode
  /** Set where the organizer may still have to say who they are. */
  onSignIn: (() => void) | null
}

/** A meeting that has not begun: when it does, and how long that is. */
export function BeforeStart({ meeting, identity, onSignIn }: BeforeStartProps) {
  const { t } = useTranslation()
  const heading = useHeadingFocus()
  const opensEarlier = meeting.opensAt !== meeting.start
  return (
    <PageFrame title={meeting.topic} width={36} centred card>
      <Stack gap="lg">
        <div>
          <Text c="var(--sr-muted)">{t('meeting.invited', { company: meeting.companyName })}</Text>
          <Title
            ref={heading}
            tabIndex={-1}
            order={1}
            size="h2"
            style={{ overflowWrap: 'anywhere' }}
            data-testid="meeting-topic"
          >
            <bdi>{meeting.topic}</bdi>
          </Title>
          <MeetingFacts meeting={meeting} />
          {meeting.agenda && <Agenda text={meeting.agenda} />}
        </div>
        <Countdown meeting={meeting} />
        <Text>
          {opensEarlier
            ? t('meeting.opensEarlier', { time: formatTime(meeting.opensAt) })
            : t('meeting.opensItself')}
        </Text>
        {identity}
        {onSignIn && (
          <Text size="sm" c="var(--sr-muted)">
            {t('meeting.organizers')}{' '}
            <Anchor
              component="button"
              type="button"
              size="sm"
              onClick={onSignIn}
              data-testid="meeting-sign-in"
            >
              {t('login.submit')}
            </Anchor>
          </Text>
        )}
      </Stack>
    </PageFrame>
  )
}

function Countdown({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000)
    return () => window.clearInterval(timer)
  }, [])
  const { days, clock } = remaining(Date.parse(meeting.opensAt) - now - meeting.clockOffset)
  return (
    <div className={classes.countdown} role="timer" data-testid="meeting-countdown">
      {t('meeting.beginsIn')}
      <span className={classes.clock}>
        {days > 0 && `${t('meeting.days', { count: days })} `}
        {clock}
      </span>
    </div>
  )
}
