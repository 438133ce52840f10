/** Days as they are written in addresses and in fields: `2026-05-04`, in the time zone of the browser. */
export type Day = string

export type CalendarKind = 'week' | 'month'

export function dayOf(date: Date): Day {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** Midnight; null for what is no day. */
export function dateOf(day: string): Date | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (!parts) return null
  const date = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]))
  return dayOf(date) === day ? date : null
}

export function addDays(date: Date, days: number): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days)
}

/** The Monday on or before. */
function mondayOf(date: Date): Date {
  return addDays(date, -((date.getDay() + 6) % 7))
}

/** The days that the calendar around a day shows, by weeks. */
export function weeksAround(kind: CalendarKind, date: Date): Date[][] {
  const first = kind === 'week' ? date : new Date(date.getFullYear(), date.getMonth(), 1)
  const last = kind === 'week' ? date : new Date(date.getFullYear(), date.getMonth() + 1, 0)
  const weeks: Date[][] = []
  for (let monday = mondayOf(first); monday <= last; monday = addDays(monday, 7)) {
    weeks.push([0, 1, 2, 3, 4, 5, 6].map(days => addDays(monday, days)))
  }
  return weeks
}

/** A day in the week or month before (-1) or after (1). */
export function besides(kind: CalendarKind, date: Date, by: -1 | 1): Date {
  return kind === 'week' ? addDays(date, 7 * by) : new Date(date.getFullYear(), date.getMonth() + by, 1)
}

interface Span {
  start: string
  end: string
}

/** Spans that take place on each day, also those that only go on there. */
export function byDay<T extends Span>(spans: readonly T[], days: readonly Date[]): ReadonlyMap<Day, T[]> {
  return new Map(
    days.map(date => {
      const [from, to] = [date.getTime(), addDays(date, 1).getTime()]
      return [dayOf(date), spans.filter(one => Date.parse(one.start) < to && Date.parse(one.end) > from)]
    }),
  )
}
