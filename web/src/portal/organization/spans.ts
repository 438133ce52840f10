import type { Span } from '../../api/statistics'

export const SPANS = ['day', 'week', 'month'] as const satisfies readonly Span[]

/** The first day, as `2026-11-01`, of the span that is so many before that of `today`. All are those of UTC; a
 * week begins with its Monday. */
export function firstDay(span: Span, back: number, today: Date = new Date()): string {
  const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()]
  const sinceMonday = (today.getUTCDay() + 6) % 7
  const first = {
    day: () => Date.UTC(year, month, day - back),
    week: () => Date.UTC(year, month, day - sinceMonday - 7 * back),
    month: () => Date.UTC(year, month - back, 1),
  }
  return new Date(first[span]()).toISOString().slice(0, 10)
}

/** The span that begins with this day, as it is called in a language. */
export function spanName(span: Span, first: string, locale: string): string {
  const begin = new Date(`${first}T00:00:00Z`)
  if (span === 'month') {
    return new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(begin)
  }
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
  return span === 'day'
    ? format.format(begin)
    : format.formatRange(begin, new Date(begin.getTime() + 6 * DAY))
}

const DAY = 86_400_000

/** Seconds as hours, to the hundredth. */
export function hoursOf(seconds: number): number {
  return Math.round(seconds / 36) / 100
}
