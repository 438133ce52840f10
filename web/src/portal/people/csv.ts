/** Tables of comma-separated values (RFC 4180), as spreadsheets of all kinds write and read them. */

/** A text, and how its bytes were read. */
export interface Decoded {
  text: string
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'
}

/** Reads the bytes of a file: by its byte order mark, as UTF-16 by its zeros, as UTF-8 where that is what they are,
 * and otherwise in the encoding of older spreadsheets of Western Europe. */
export function decode(bytes: Uint8Array): Decoded {
  const marked = byMark(bytes) ?? byZeros(bytes)
  if (marked) return { text: new TextDecoder(marked).decode(bytes), encoding: marked }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' }
  }
}

function byMark(bytes: Uint8Array): Decoded['encoding'] | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : null
}

/** Of the two bytes of most letters in UTF-16 one is zero, which no byte of a text of another encoding is. */
function byZeros(bytes: Uint8Array): Decoded['encoding'] | null {
  const head = bytes.subarray(0, 1000)
  let even = 0
  let odd = 0
  head.forEach((byte, at) => {
    if (byte !== 0) return
    if (at % 2) odd += 1
    else even += 1
  })
  if (bytes.length % 2 || 4 * (even + odd) < head.length || head.length === 0) return null
  return odd > even ? 'utf-16le' : 'utf-16be'
}

export type Delimiter = ',' | ';' | '\t'

const DELIMITERS: readonly Delimiter[] = [',', ';', '\t']

/** Delimiter of the cells of a table: the one that its first line has most of outside quotes. */
export function delimiterOf(text: string): Delimiter {
  let line = ''
  let isQuoted = false
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && (character === '\n' || character === '\r')) {
      if (line.trim() !== '') break
      line = ''
    } else if (!isQuoted) line += character
  }
  const count = (delimiter: Delimiter) => line.split(delimiter).length
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best))
}

/** A row of a table, and the line of the file that it begins in, counted from 1. */
export interface Row {
  line: number
  cells: readonly string[]
}

/** The rows that have something in them. A quote that is never closed ends with the text. */
export function parseTable(text: string, delimiter: Delimiter = delimiterOf(text)): Row[] {
  const rows: Row[] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  let line = 1
  let begun = 1
  const endRow = () => {
    cells.push(cell)
    if (cells.some(one => one.trim() !== '')) rows.push({ line: begun, cells: cells.map(one => one.trim()) })
    cells = []
    cell = ''
  }
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    const isBreak = character === '\n' || (character === '\r' && text[at + 1] !== '\n')
    if (isBreak) line += 1
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') {
        cell += '"'
        at += 1
      } else isQuoted = false
    } else if (character === '"' && cell.trim() === '') {
      cell = ''
      isQuoted = true
    } else if (character === delimiter) {
      cells.push(cell)
      cell = ''
    } else if (isBreak) {
      endRow()
      begun = line
    } else if (character !== '\r') cell += character
  }
  endRow()
  return rows
}

const FORMULA = /^[\s]*[=+\-@\t\r\n|%]/

/** A cell that no spreadsheet takes for a formula, whatever is in it. */
export function safeCell(value: string): string {
  const shown = FORMULA.test(value) ? `'${value}` : value
  return `"${shown.replaceAll('"', '""')}"`
}

/** A table as a file that spreadsheets open with the right letters, and whose cells they do not execute. */
export function writeTable(rows: readonly (readonly string[])[]): string {
  return `\ufeff${rows.map(row => row.map(safeCell).join(',')).join('\r\n')}\r\n`
}
