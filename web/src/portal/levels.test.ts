import { describe, expect, it } from 'vitest'
import type { ListedRoom } from '../api/rooms'
import { AT_FIRST, goBack, goOn, TOP, toggle, wantedLevels, withoutEmptied } from './levels'

const place = (roomId: string) => ({ position: 1024, roomId })
const rooms = (...parents: string[]): ReadonlyMap<string, ListedRoom> =>
  new Map(parents.map((parentId, number) => [`${number}`, parentId ? { parentId } : {}]))

describe('what is loaded of the tree of rooms', () => {
  it('is what the server finds right at first', () => {
    expect(wantedLevels(AT_FIRST)).toEqual([])
  })

  it('is the top with the departments that are open, once one is', () => {
    const open = toggle(toggle(AT_FIRST, 'sales', false), 'north', false)
    expect(wantedLevels(open)).toEqual([{ parentId: TOP }, { parentId: 'sales' }, { parentId: 'north' }])
    expect(wantedLevels(toggle(open, 'sales', false))).toEqual([{ parentId: TOP }, { parentId: 'north' }])
  })

  it('stays the whole of a small tree, whatever is closed in it', () => {
    const closed = toggle(AT_FIRST, 'sales', true)
    expect(closed.toggled.get('sales')).toBe(false)
    expect(wantedLevels(closed)).toEqual([])
    expect(toggle(closed, 'sales', true).toggled.size).toBe(0)
  })

  it('is the page of each level that somebody has gone to', () => {
    const second = goOn(AT_FIRST, TOP, place('a'))
    const third = goOn(second, TOP, place('b'))
    expect(wantedLevels(third)).toEqual([{ parentId: TOP, after: place('b') }])
    expect(wantedLevels(goBack(third, TOP))).toEqual([{ parentId: TOP, after: place('a') }])
    expect(wantedLevels(goBack(second, TOP))).toEqual([])
  })

  it('is of very many open departments the latest, as many as the server answers', () => {
    let browsing = AT_FIRST
    for (let number = 0; number < 120; number += 1) browsing = toggle(browsing, `${number}`, false)
    const levels = wantedLevels(browsing)
    expect(levels).toHaveLength(100)
    expect([levels[0], levels.at(-1)]).toEqual([{ parentId: TOP }, { parentId: '119' }])
  })
})

describe('a page whose rooms are deleted', () => {
  const browsing = goOn(goOn(toggle(AT_FIRST, 'sales', false), 'sales', place('a')), 'sales', place('b'))

  it('is left for the one before it', () => {
    const left = withoutEmptied(browsing, rooms(TOP))
    expect(left.pages.get('sales')).toEqual([place('a')])
    expect(withoutEmptied(left, rooms(TOP)).pages.size).toBe(0)
  })

  it('is stayed on as long as one room is left', () => {
    expect(withoutEmptied(browsing, rooms(TOP, 'sales'))).toBe(browsing)
  })

  it('is nothing to leave where there is but one page', () => {
    expect(withoutEmptied(AT_FIRST, rooms())).toBe(AT_FIRST)
  })
})
