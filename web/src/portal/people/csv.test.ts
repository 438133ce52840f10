import { describe, expect, it } from 'vitest'
import { decode, delimiterOf, parseTable, safeCell, writeTable } from './csv'

const cells = (text: string) => parseTable(text).map(row => row.cells)

describe('the bytes of a file', () => {
  it.each([
    ['utf-8', [0x4b, 0xc3, 0xb6, 0x6c, 0x6e]],
    ['utf-8', [0xef, 0xbb, 0xbf, 0x4b, 0xc3, 0xb6, 0x6c, 0x6e]],
    ['utf-16le', [0xff, 0xfe, 0x4b, 0, 0xf6, 0, 0x6c, 0, 0x6e, 0]],
    ['utf-16be', [0xfe, 0xff, 0, 0x4b, 0, 0xf6, 0, 0x6c, 0, 0x6e]],
    ['utf-16le', [0x4b, 0, 0xf6, 0, 0x6c, 0, 0x6e, 0]],
    ['utf-16be', [0, 0x4b, 0, 0xf6, 0, 0x6c, 0, 0x6e]],
    ['windows-1252', [0x4b, 0xf6, 0x6c, 0x6e]],
  ])('in %s are read', (encoding, bytes) => {
    expect(decode(new Uint8Array(bytes))).toEqual({ text: 'Köln', encoding })
  })

  it('may be none, or no text', () => {
    expect(parseTable(decode(new Uint8Array()).text)).toEqual([])
    expect(decode(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0xff])).encoding).toBe('windows-1252')
  })
})

describe('a table', () => {
  it.each([
    ['a,b,c', ','],
    ['a;b;"c,d,e,f"', ';'],
    ['a\tb', '\t'],
    ['\n\na;b\nc,d,e', ';'],
    ['a', ','],
  ])('%j has the delimiter %j', (text, delimiter) => {
    expect(delimiterOf(text)).toBe(delimiter)
  })

  it.each([
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\rc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a , "b, ""c"""\n\n , \nd', [['a', 'b, "c"'], ['d']]],
    ['"a\nb",c', [['a\nb', 'c']]],
    ['"never closed,b\nc', [['never closed,b\nc']]],
  ])('%j is read', (text, rows) => {
    expect(cells(text)).toEqual(rows)
  })

  it('says in which line each of its rows begins', () => {
    expect(parseTable('a\n\n"b\nb"\r\nc').map(row => row.line)).toEqual([1, 3, 5])
  })

  it('may have 100,000 rows', () => {
    const text = 'name;email\n'.repeat(100_000)
    expect(parseTable(text)).toHaveLength(100_000)
  })
})

describe('a cell', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1', '|cmd', '%0A'])(
    'of %j is no formula',
    value => {
      expect(safeCell(value)).toBe(`"'${value}"`)
    },
  )

  it('of any other text is that text', () => {
    expect(cells(writeTable([['Jürgen "J" Groß', 'a,b']]).slice(1))).toEqual([['Jürgen "J" Groß', 'a,b']])
  })
})
