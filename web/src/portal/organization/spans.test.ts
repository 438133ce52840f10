import { expect, test } from 'vitest'
import { firstDay, hoursOf, spanName } from './spans'

const SUNDAY = new Date('2027-01-03T23:59:59Z')

test.each([
  ['day', 0, '2027-01-03'],
  ['day', 3, '2026-12-31'],
  ['week', 0, '2026-12-28'],
  ['week', 1, '2026-12-21'],
  ['month', 0, '2027-01-01'],
  ['month', 1, '2026-12-01'],
  ['month', 14, '2025-11-01'],
] as const)('the %s %i before', (span, back, first) => {
  expect(firstDay(span, back, SUNDAY)).toBe(first)
})

test('the month before is found on its last day too', () => {
  expect(firstDay('month', 1, new Date('2026-03-31T12:00:00Z'))).toBe('2026-02-01')
})

test('a span is called by its days', () => {
  expect(spanName('month', '2026-11-01', 'de-DE')).toBe('November 2026')
  expect(spanName('day', '2026-11-01', 'en-GB')).toBe('1 November 2026')
  expect(spanName('week', '2026-12-28', 'en-GB')).toMatch(/^28 December 2026.*3 January 2027$/)
})

test('hours have hundredths', () => {
  expect([0, 36, 3600, 5000].map(hoursOf)).toEqual([0, 0.01, 1, 1.39])
})
