import type { ListedRoom } from '../api/rooms'
import { isolated } from '../i18n/isolation'

export interface RoomNode {
  id: string
  name: string
  isDepartment: boolean
  joinable: boolean
  administers: boolean
  /** All else that is known of it. */
  listed: ListedRoom
  /** Whether everybody in the organization may enter. */
  isOpen: boolean
  children: RoomNode[]
}

/**
 * The rooms and departments as a tree, in their order and then by name. What is in a department that is not among
 * them is left out.
 */
export function roomTree(rooms: ReadonlyMap<string, ListedRoom>, locale: string): RoomNode[] {
  const collator = new Intl.Collator(locale, { numeric: true })
  const sorted = [...rooms].sort(
    ([, one], [, other]) =>
      Number(one.sort ?? 0) - Number(other.sort ?? 0) ||
      collator.compare(one.displayName ?? '', other.displayName ?? ''),
  )
  const nodes = new Map(sorted.map(([id, room]) => [id, node(id, room)]))
  const top: RoomNode[] = []
  for (const [id, { parentId = '' }] of sorted) {
    const child = nodes.get(id)
    const siblings = !parentId || isAncestor(rooms, id, parentId) ? top : nodes.get(parentId)?.children
    if (child) siblings?.push(child)
  }
  return top
}

function node(id: string, room: ListedRoom): RoomNode {
  const { join = false, admin = false } = room.myPermissions ?? {}
  return {
    id,
    name: room.displayName ?? '',
    isDepartment: room.type === 'ROOM_TYPE_DEPARTMENT',
    joinable: join || admin,
    administers: admin,
    listed: room,
    isOpen: Boolean(room.defaultPermissions?.join),
    children: [],
  }
}

/** Whether `id` is above `start`: then making it a child of `start` would close a circle. */
function isAncestor(rooms: ReadonlyMap<string, ListedRoom>, id: string, start: string): boolean {
  const seen = new Set<string>()
  for (let at = start; at && !seen.has(at); at = rooms.get(at)?.parentId ?? '') {
    if (at === id) return true
    seen.add(at)
  }
  return false
}

/** The departments, with those above them in their names. */
export function departments(nodes: readonly RoomNode[], above = ''): { id: string; label: string }[] {
  return nodes.flatMap(({ id, name, isDepartment, children }) => {
    const label = above ? `${above} › ${isolated(name)}` : isolated(name)
    return isDepartment ? [{ id, label }, ...departments(children, label)] : []
  })
}

/** Only what matches `term`, with the departments on the way to it. */
export function matching(nodes: readonly RoomNode[], term: string): RoomNode[] {
  const wanted = term.trim().toLocaleLowerCase()
  if (!wanted) return [...nodes]
  return nodes.flatMap(node => {
    if (node.name.toLocaleLowerCase().includes(wanted)) return [node]
    const children = matching(node.children, term)
    return children.length ? [{ ...node, children }] : []
  })
}

export function countRooms(nodes: readonly RoomNode[]): number {
  return nodes.reduce(
    (sum, { isDepartment, children }) => sum + (isDepartment ? 0 : 1) + countRooms(children),
    0,
  )
}

/** The ids of the rooms that are shown while the departments in `closed` are closed. */
export function shownRooms(nodes: readonly RoomNode[], isOpen: (id: string) => boolean): string[] {
  return nodes.flatMap(({ id, isDepartment, children }) => [
    ...(isDepartment ? [] : [id]),
    ...(isOpen(id) ? shownRooms(children, isOpen) : []),
  ])
}
