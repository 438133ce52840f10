/** The beginning of a day in the time zone of the browser, so many days later; empty for none. */
export function startOfDay(day: string, later: number): string {
  if (!day) return ''
  const date = new Date(`${day}T00:00:00`)
  date.setDate(date.getDate() + later)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}
