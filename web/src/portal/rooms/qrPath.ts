import qrcode from 'qrcode-generator'

export interface QrPicture {
  /** Cells along a side, with the quiet zone around. */
  size: number
  /** The dark cells, as the path of an SVG whose unit is a cell. */
  path: string
}

/** Cells that stay white around a code, as ISO/IEC 18004 wants it. */
const QUIET = 4

/** A text as a QR code that can still be read when a seventh of it is dirty. Throws for one of more than 2,331 bytes. */
export function qrPicture(text: string): QrPicture {
  const code = qrcode(0, 'M')
  code.addData(text)
  code.make()
  const count = code.getModuleCount()
  let path = ''
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (code.isDark(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`
    }
  }
  return { size: count + 2 * QUIET, path }
}
