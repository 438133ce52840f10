import { useTranslation } from 'react-i18next'
import type { ScheduledMeeting } from '../../api/scheduling'
import { language } from '../../i18n'
import { LOCALES } from '../../i18n/format'
import { formatSpan, otherTime } from '../../meeting/times'
import { IconRepeat, IconUser } from '../../ui/icons'
import { dateOf } from './days'
import classes from './Meetings.module.css'

/** Times of a meeting, its kind, and the numbers at which it is entered. */
export function MeetingTimes({ meeting }: { meeting: ScheduledMeeting }) {
  const { t } = useTranslation()
  const { start, end, timezone, state, kind, minutes, number } = meeting
  const there = otherTime(start, end, timezone)
  const groups = number.replace(/(\d{4})(?=\d)/g, '$1 ')
  return (
    <>
      <div className={classes.marks}>
        <time dateTime={start}>{formatSpan(start, end)}</time>
        {there && <span>{t('meeting.there', { ...there })}</span>}
        <span>{t('scheduling.one.length', { count: minutes })}</span>
        {state !== 'to_come' && (
          <span className={state === 'on' ? classes.on : undefined}>{t(`scheduling.state.${state}`)}</span>
        )}
      </div>
      <div className={classes.marks}>
        <Repeats meeting={meeting} />
        {kind !== 'standard' && <span>{t(`scheduling.kind.${kind}`)}</span>}
        {meeting.isRecorded && <span>{t('scheduling.one.recorded')}</span>}
        {meeting.earlyAccessMinutes > 0 && (
          <span>{t('scheduling.one.early', { count: meeting.earlyAccessMinutes })}</span>
        )}
        {!meeting.isOwn && (
          <span className={classes.mark}>
            <IconUser size={16} aria-hidden />
            {t('scheduling.by', { name: meeting.organizerName })}
          </span>
        )}
      </div>
      <div className={classes.marks}>
        <span>
          {t('scheduling.one.number')}: {groups}
        </span>
        {meeting.dialInNumbers.length > 0 && (
          <span>
            {t('scheduling.one.dialIn', {
              numbers: meeting.dialInNumbers.join(', '),
              pin: meeting.dialInPin,
            })}
          </span>
        )}
      </div>
    </>
  )
}

function Repeats({ meeting }: { meeting: ScheduledMeeting }) {
  const { t } = useTranslation()
  const { frequencyType, frequency = 1, endsType, endsOn, endsAfter = 0 } = meeting.repetition
  if (frequencyType === 'once') return null
  const last = endsType === 'on_date' ? dateOf(endsOn ?? '') : null
  const long = new Intl.DateTimeFormat(LOCALES[language()], { dateStyle: 'long' })
  const words = [
    t(`scheduling.one.repeats.${frequencyType}`, { count: frequency }),
    last && t('scheduling.one.until', { day: long.format(last) }),
    endsType === 'after' && t('scheduling.one.times', { count: endsAfter }),
  ]
  return (
    <span className={classes.mark}>
      <IconRepeat size={16} aria-hidden />
      {words.filter(Boolean).join(', ')}
    </span>
  )
}
