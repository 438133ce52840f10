import { useTranslation } from 'react-i18next'
import type { AgendaEntry } from '../../api/scheduling'
import { language } from '../../i18n'
import { formatTime, LOCALES } from '../../i18n/format'
import { byDay, type CalendarKind, dayOf } from './days'
import classes from './Meetings.module.css'

interface CalendarProps {
  kind: CalendarKind
  weeks: readonly Date[][]
  /** Days of other months stand back. */
  month: number
  meetings: readonly AgendaEntry[]
}

/** Weeks as rows; each day leads to a new meeting, each meeting to itself. */
export function Calendar({ kind, weeks, month, meetings }: CalendarProps) {
  const { t } = useTranslation()
  const locale = LOCALES[language()]
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full' })
  const long = new Intl.DateTimeFormat(locale, { dateStyle: 'long' })
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' })
  const days = weeks.flat()
  const found = byDay(meetings, days)
  const today = dayOf(new Date())
  const [first, last] = [days[0] ?? new Date(), days.at(-1) ?? new Date()]
  return (
    <table className={classes.calendar} data-kind={kind} data-testid="calendar">
      <caption className="sr-only">
        {t('scheduling.calendar', { from: long.format(first), until: long.format(last) })}
      </caption>
      <thead>
        <tr>
          {weeks[0]?.map(date => (
            <th key={date.getDay()} scope="col">
              {weekday.format(date)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map(week => (
          <tr key={week[0]?.getTime()}>
            {week.map(date => {
              const day = dayOf(date)
              return (
                <td
                  key={day}
                  className={classes.day}
                  data-today={day === today || undefined}
                  data-other={(kind === 'month' && date.getMonth() !== month) || undefined}
                  data-testid="calendar-day"
                  data-name={day}
                >
                  <a
                    className={classes.date}
                    href={`#/meetings/new/${day}`}
                    title={t('scheduling.newOn', { day: full.format(date) })}
                    aria-label={t('scheduling.newOn', { day: full.format(date) })}
                    aria-current={day === today ? 'date' : undefined}
                  >
                    {date.getDate()}
                  </a>
                  <ul className={classes.slots}>
                    {found.get(day)?.map(one => (
                      <li key={one.id}>
                        <a
                          className={classes.slot}
                          href={`#/meetings/one/${one.id}`}
                          data-state={one.state}
                          data-testid="calendar-meeting"
                          data-name={one.topic}
                          title={one.topic}
                        >
                          <time dateTime={one.start}>{formatTime(one.start)}</time> <bdi>{one.topic}</bdi>
                        </a>
                      </li>
                    ))}
                  </ul>
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
