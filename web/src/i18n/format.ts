import { language } from '.'

export const LOCALES = { en: 'en-GB', de: 'de-DE' }

/** Dates and numbers as they are written in the chosen language, in the time zone of the browser. */

export function formatDateTime(time: string): string {
  return new Intl.DateTimeFormat(LOCALES[language()], { dateStyle: 'long', timeStyle: 'short' }).format(
    new Date(time),
  )
}

export function formatTime(time: string): string {
  return new Intl.DateTimeFormat(LOCALES[language()], { timeStyle: 'short' }).format(new Date(time))
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat(LOCALES[language()]).format(value)
}

export function formatList(items: readonly string[]): string {
  return new Intl.ListFormat(LOCALES[language()], { type: 'conjunction' }).format(items)
}
