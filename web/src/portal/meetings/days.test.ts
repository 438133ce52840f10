import { describe, expect, it } from 'vitest'
import { besides, byDay, dateOf, dayOf, weeksAround } from './days'

describe('a calendar', () => {
  it('shows a month by whole weeks that begin on Monday', () => {
    const weeks = weeksAround('month', new Date(2026, 4, 20))
    expect(weeks.map(week => dayOf(week[0] as Date))).toEqual([
      '2026-04-27',
      '2026-05-04',
      '2026-05-11',
      '2026-05-18',
      '2026-05-25',
    ])
    expect(weeks.every(week => week.length === 7)).toBe(true)
  })

  it('shows the week of a Sunday', () => {
    expect(
      weeksAround('week', new Date(2026, 4, 10))
        .flat()
        .map(dayOf)[0],
    ).toBe('2026-05-04')
  })

  it('goes from the 31st to the month after', () => {
    expect(dayOf(besides('month', new Date(2026, 0, 31), 1))).toBe('2026-02-01')
    expect(dayOf(besides('week', new Date(2026, 0, 31), -1))).toBe('2026-01-24')
  })

  it('puts what goes on after midnight on both days', () => {
    const night = {
      start: new Date(2026, 4, 4, 23).toISOString(),
      end: new Date(2026, 4, 5, 1).toISOString(),
    }
    const until = { start: new Date(2026, 4, 4, 22).toISOString(), end: new Date(2026, 4, 5).toISOString() }
    const found = byDay([night, until], [new Date(2026, 4, 4), new Date(2026, 4, 5)])
    expect([...found.values()]).toEqual([[night, until], [night]])
  })

  it.each(['2026-02-30', 'tomorrow', '', '2026-1-1'])('takes %j for no day', day => {
    expect(dateOf(day)).toBeNull()
  })
})
