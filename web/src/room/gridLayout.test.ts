import { describe, expect, it } from 'vitest'
import { gridLayout, TILE_GAP } from './gridLayout'

describe('the grid', () => {
  it.each([
    [1, 1280, 720, 1],
    [2, 1280, 600, 2],
    [4, 1280, 720, 2],
    [9, 1280, 720, 3],
    [2, 360, 640, 1],
    [3, 360, 640, 1],
  ])('%i tiles in %i×%i stand in %i columns', (count, width, height, columns) => {
    expect(gridLayout(count, width, height).columns).toBe(columns)
  })

  it('never leaves its space while it does not scroll', () => {
    for (let count = 1; count <= 60; count++) {
      const layout = gridLayout(count, 1440, 800)
      if (layout.scrolls) continue
      const rows = Math.ceil(count / layout.columns)
      expect(layout.columns * (layout.width + TILE_GAP) - TILE_GAP).toBeLessThanOrEqual(1440)
      expect(rows * (layout.height + TILE_GAP) - TILE_GAP).toBeLessThanOrEqual(800)
    }
  })

  it('scrolls rather than making tiles too small to see a face', () => {
    const layout = gridLayout(200, 360, 500)
    expect(layout).toMatchObject({ scrolls: true, columns: 2 })
    expect(layout.width).toBeGreaterThanOrEqual(136)
  })

  it('copes with a space that has no size yet', () => {
    expect(gridLayout(3, 0, 0).width).toBeGreaterThanOrEqual(0)
  })
})
