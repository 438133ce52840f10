import { useTranslation } from 'react-i18next'
import type { Meeting } from '../api/meetings'
import { IconCalendarEvent, IconRepeat, IconUser } from '../ui/icons'
import classes from './Meeting.module.css'
import { formatSpan, otherTime } from './times'

/** Facts of a meeting: when it takes place, who has invited to it, and whether it recurs and is recorded. */
export function MeetingFacts({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation()
  const { start, end, timezone, organizerName, isRecurring, isRecorded, state } = meeting
  const there = otherTime(start, end, timezone)
  return (
    <ul className={classes.facts}>
      <li>
        <IconCalendarEvent size={18} aria-hidden />
        <span>
          <time dateTime={start} data-testid="meeting-start">
            {formatSpan(start, end)}
          </time>
          {there && <span className={classes.there}>{t('meeting.there', { ...there })}</span>}
        </span>
      </li>
      {isRecurring && (
        <li>
          <IconRepeat size={18} aria-hidden />
          <span>{state === 'not_started' ? t('meeting.repeatsNext') : t('meeting.repeats')}</span>
        </li>
      )}
      <li>
        <IconUser size={18} aria-hidden />
        <span>{t('meeting.organizer', { name: organizerName })}</span>
      </li>
      {isRecorded && (
        <li className={classes.recorded} data-testid="meeting-recorded">
          <span className={classes.dot} aria-hidden="true" />
          <span>{t('meeting.recorded')}</span>
        </li>
      )}
    </ul>
  )
}
