import type { TFunction } from 'i18next'
import type { RankedPerson, RankedRoom } from '../../api/statistics'
import { writeTable } from '../people/csv'
import { hoursOf } from './spans'

/** A column of numbers: hours, or how often. */
export interface Column<Row> {
  name: 'open' | 'together' | 'inside' | 'stays'
  countOf: (row: Row) => number
}

/** The columns of a ranking, and who or what is ranked in words. Rows are ranked by the first, or the last. */
export interface RankingTable<Row> {
  of: 'rooms' | 'people'
  columns: readonly Column<Row>[]
  nameOf: (t: TFunction, row: Row) => string
  noteOf: (t: TFunction, row: Row) => string
}

export const OF_ROOMS: RankingTable<RankedRoom> = {
  of: 'rooms',
  columns: [
    { name: 'open', countOf: ({ openSeconds }) => hoursOf(openSeconds) },
    { name: 'together', countOf: ({ personSeconds }) => hoursOf(personSeconds) },
    { name: 'stays', countOf: ({ stays }) => stays },
  ],
  nameOf: (t, { name }) => name || t('statistics.unnamed'),
  noteOf: (t, { isMeeting, isGone }) =>
    [isMeeting && t('statistics.meeting'), isGone && t('statistics.goneRoom')].filter(Boolean).join(', '),
}

export const OF_PEOPLE: RankingTable<RankedPerson> = {
  of: 'people',
  columns: [
    { name: 'inside', countOf: ({ seconds }) => hoursOf(seconds) },
    { name: 'stays', countOf: ({ stays }) => stays },
  ],
  nameOf: (t, { name, isGuests }) => (isGuests ? t('statistics.guests') : name || t('statistics.unnamed')),
  noteOf: (t, { email, isGone }) => (isGone ? t('statistics.gonePerson') : email),
}

/** A ranking as a file for spreadsheets, in the language of the page. */
export function rankingFile<Row>(t: TFunction, table: RankingTable<Row>, rows: readonly Row[]): string {
  const head = [
    t('statistics.name'),
    t(`statistics.note.${table.of}`),
    ...table.columns.map(({ name }) => t(`statistics.column.${name}`)),
  ]
  const cells = rows.map(row => [
    table.nameOf(t, row),
    table.noteOf(t, row),
    ...table.columns.map(({ countOf }) => String(countOf(row))),
  ])
  return writeTable([head, ...cells])
}
