import { describe, expect, it } from 'vitest'
import type { ListedRoom } from '../api/rooms'
import { countRooms, departments, matching, type RoomNode, roomTree, shownRooms } from './roomTree'

const room = (displayName: string, change: Partial<ListedRoom> = {}): ListedRoom => ({
  displayName,
  ...change,
})
const department = (displayName: string, change: Partial<ListedRoom> = {}): ListedRoom =>
  room(displayName, { type: 'ROOM_TYPE_DEPARTMENT', ...change })

type Outline = string | [string, Outline[]]

function outline(nodes: readonly RoomNode[]): Outline[] {
  return nodes.map(({ name, children }) => (children.length ? [name, outline(children)] : name))
}

function tree(rooms: Record<string, ListedRoom>): RoomNode[] {
  return roomTree(new Map(Object.entries(rooms)), 'en')
}

describe('the tree of rooms', () => {
  const rooms = {
    b: room('Room 10', { parentId: 'd' }),
    a: room('Room 9', { parentId: 'd' }),
    d: department('Sales', { sort: '2' }),
    l: room('Lobby', { sort: '1' }),
    o: room('Attic', { sort: '3' }),
  }

  it('nests, sorts by order and then by name', () => {
    expect(outline(tree(rooms))).toEqual(['Lobby', ['Sales', ['Room 9', 'Room 10']], 'Attic'])
  })

  it('shows departments of which nothing is loaded, and nothing of departments that are not', () => {
    const { d: _, ...others } = rooms
    expect(outline(tree({ ...others, e: department('Closed') }))).toEqual(['Closed', 'Lobby', 'Attic'])
  })

  it('names departments with those above them', () => {
    const nested = {
      d: department('Sales'),
      n: department('North', { parentId: 'd' }),
      r: room('Room', { parentId: 'n' }),
    }
    expect(departments(tree(nested))).toEqual([
      { id: 'd', label: 'Sales' },
      { id: 'n', label: 'Sales › North' },
    ])
  })

  it('survives departments that are inside each other', () => {
    const circle = {
      x: department('X', { parentId: 'y' }),
      y: department('Y', { parentId: 'x' }),
      r: room('R', { parentId: 'x' }),
    }
    expect(countRooms(tree(circle))).toBe(1)
  })

  it('finds rooms with the departments on the way', () => {
    expect(outline(matching(tree(rooms), '10'))).toEqual([['Sales', ['Room 10']]])
    expect(outline(matching(tree(rooms), 'sales'))).toEqual([['Sales', ['Room 9', 'Room 10']]])
    expect(matching(tree(rooms), 'nothing')).toEqual([])
  })

  it('asks for the people in the rooms that are shown', () => {
    expect(shownRooms(tree(rooms), () => false)).toEqual(['l', 'o'])
    expect(shownRooms(tree(rooms), () => true)).toEqual(['l', 'a', 'b', 'o'])
  })
})
