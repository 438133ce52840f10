import { describe, expect, it } from 'vitest'
import { qrPicture } from './qrPath'

const LINK =
  'https://meet.example.org/#/join/v2/01HZ0000000000000000000000/lounge/0123456789abcdef0123456789abcdef'

/** Whether a cell is dark. */
function dark(path: string, column: number, row: number): boolean {
  return path.includes(`M${column} ${row}h`)
}

describe('a QR code', () => {
  it('has its three eyes behind a quiet zone, and none in the fourth corner', () => {
    const { size, path } = qrPicture(LINK)
    const last = size - 5
    const eye = (column: number, row: number) =>
      [0, 1, 2, 3, 4, 5, 6].map(along => dark(path, column + along, row)).every(Boolean) &&
      !dark(path, column + 1, row + 1) &&
      dark(path, column + 3, row + 3)
    expect([eye(4, 4), eye(last - 6, 4), eye(4, last - 6)]).toEqual([true, true, true])
    expect(eye(last - 6, last - 6)).toBe(false)
    expect(path).not.toMatch(/M[0-3] |M\d+ [0-3]h/)
  })

  it('is another for another text', () => {
    expect(qrPicture(LINK).path).not.toBe(qrPicture(`${LINK}0`).path)
  })
})
