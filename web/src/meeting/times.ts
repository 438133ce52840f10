import { language } from '../i18n'
import { LOCALES } from '../i18n/format'

/** Time and zone of a meeting where a wall clock shows something else during it than this browser's. */
export interface OtherTime {
  time: string
  zone: string
}

/** From when to when, in the time zone of the browser unless another is named. */
export function formatSpan(start: string, end: string, timeZone?: string): string {
  return format({ dateStyle: 'full', timeStyle: 'short', timeZone }, start, end)
}

/** The time where the meeting is, if it differs from the browser's. */
export function otherTime(start: string, end: string, timeZone: string): OtherTime | null {
  try {
    const there = formatSpan(start, end, timeZone)
    if (there === formatSpan(start, end)) return null
    const sameDay = format({ dateStyle: 'full', timeZone }, start) === format({ dateStyle: 'full' }, start)
    const time = sameDay ? format({ timeStyle: 'short', timeZone }, start, end) : there
    return { time, zone: timeZone.replaceAll('_', ' ') }
  } catch {
    // A zone this browser has never heard of.
    return null
  }
}

/** Time that is left, given in milliseconds, as days and as a clock. */
export function remaining(milliseconds: number): { days: number; clock: string } {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return {
    days: Math.floor(seconds / 86_400),
    clock: `${hours}:${two(minutes)}:${two(seconds % 60)}`,
  }
}

function format(options: Intl.DateTimeFormatOptions, start: string, end?: string): string {
  const formatter = new Intl.DateTimeFormat(LOCALES[language()], options)
  return end ? formatter.formatRange(new Date(start), new Date(end)) : formatter.format(new Date(start))
}
