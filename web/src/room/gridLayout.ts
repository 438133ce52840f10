/** Layout of tiles of 16:9 that fill a space. All lengths in CSS pixels. */
export interface GridLayout {
  columns: number
  width: number
  height: number
  /** Whether the tiles do not all fit, so that the grid scrolls. */
  scrolls: boolean
}

export const TILE_GAP = 8
const RATIO = 16 / 9
const SMALLEST_WIDTH = 168
const SMALLEST_WIDTH_NARROW = 136
const NARROW = 560

/**
 * The number of columns that makes `count` tiles largest in a space; below a smallest width they scroll instead.
 */
export function gridLayout(count: number, spaceWidth: number, spaceHeight: number): GridLayout {
  const smallest = spaceWidth < NARROW ? SMALLEST_WIDTH_NARROW : SMALLEST_WIDTH
  let best = sized(1, count, spaceWidth, spaceHeight)
  for (let columns = 2; columns <= count; columns++) {
    const next = sized(columns, count, spaceWidth, spaceHeight)
    if (next.width > best.width) best = next
  }
  if (best.width >= Math.min(smallest, spaceWidth) || count <= 1) return best
  const columns = Math.max(1, Math.floor((spaceWidth + TILE_GAP) / (smallest + TILE_GAP)))
  const width = Math.floor((spaceWidth - TILE_GAP * (columns - 1)) / columns)
  return { columns, width, height: Math.floor(width / RATIO), scrolls: true }
}

function sized(columns: number, count: number, spaceWidth: number, spaceHeight: number): GridLayout {
  const rows = Math.ceil(count / columns)
  const byWidth = (spaceWidth - TILE_GAP * (columns - 1)) / columns
  const byHeight = ((spaceHeight - TILE_GAP * (rows - 1)) / rows) * RATIO
  const width = Math.max(0, Math.floor(Math.min(byWidth, byHeight)))
  return { columns, width, height: Math.floor(width / RATIO), scrolls: false }
}
