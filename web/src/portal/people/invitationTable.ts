import type { Invitation } from '../../api/people'
import { parseTable, type Row } from './csv'

/** Row of a table: a person to be invited, and the line of the file in which they stand. */
export interface TableRow extends Invitation {
  line: number
  problem: RowProblem | null
}

export type RowProblem = 'noAddress' | 'twice'

type Column = keyof Invitation

const NAMES: Record<Column, RegExp> = {
  email: /^e-?mail|^mail|adresse|address/,
  firstName: /^first ?-?name|^given|^vorname/,
  lastName: /^last ?-?name|^surname|^family|^nachname|^familienname/,
  title: /^title|^titel/,
  language: /^lang|^sprache/,
}

const COLUMNS = Object.keys(NAMES) as Column[]
const ADDRESS = /^[^\s@]+@[^\s@]+$/

/** The people in a table: by the names of its columns in English or German or, where it has none, by the column with
 * the addresses, behind or before which are first and last names. */
export function invitationsIn(text: string): TableRow[] {
  const rows = parseTable(text)
  const [first] = rows
  if (!first) return []
  const named = columnsNamed(first)
  const places = named ?? columnsFound(first)
  const met = new Set<string>()
  return (named ? rows.slice(1) : rows).map(({ line, cells }) => {
    const cell = (column: Column) => cells[places.get(column) ?? -1] ?? ''
    const email = cell('email')
    const folded = email.toLowerCase()
    const problem = !ADDRESS.test(email) ? 'noAddress' : met.has(folded) ? 'twice' : null
    met.add(folded)
    return {
      line,
      email,
      title: cell('title'),
      firstName: cell('firstName'),
      lastName: cell('lastName'),
      language: cell('language').toLowerCase().slice(0, 5),
      problem,
    }
  })
}

function columnsNamed({ cells }: Row): Map<Column, number> | null {
  if (cells.some(cell => ADDRESS.test(cell))) return null
  const found = new Map<Column, number>()
  cells.forEach((cell, place) => {
    const column = COLUMNS.find(one => NAMES[one].test(cell.toLowerCase()))
    if (column && !found.has(column)) found.set(column, place)
  })
  return found.has('email') ? found : null
}

function columnsFound({ cells }: Row): Map<Column, number> {
  const email = Math.max(
    0,
    cells.findIndex(cell => ADDRESS.test(cell)),
  )
  const [firstName, lastName] = cells.map((_, place) => place).filter(place => place !== email)
  const found = new Map<Column, number>([['email', email]])
  if (firstName !== undefined) found.set('firstName', firstName)
  if (lastName !== undefined) found.set('lastName', lastName)
  return found
}
