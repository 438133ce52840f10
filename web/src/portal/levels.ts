import type { ListedRoom, PlaceInLevel, WantedLevel } from '../api/rooms'

/** The level of what is in no department. */
export const TOP = ''

/** As many as the server answers at once. */
const MOST_LEVELS = 100

/** Place to which a person has browsed in the tree of rooms. */
export interface Browsing {
  /** Departments that somebody has opened, or closed, other than they are at first. */
  toggled: ReadonlyMap<string, boolean>
  /** By department: behind which places the pages begin that somebody has gone to, the one that is shown last. */
  pages: ReadonlyMap<string, readonly PlaceInLevel[]>
}

export const AT_FIRST: Browsing = { toggled: new Map(), pages: new Map() }

export function toggle(browsing: Browsing, id: string, openAtFirst: boolean): Browsing {
  const toggled = new Map(browsing.toggled)
  if (!toggled.delete(id)) toggled.set(id, !openAtFirst)
  return { ...browsing, toggled }
}

/** Goes to the page of a level that begins behind `after`. */
export function goOn(browsing: Browsing, level: string, after: PlaceInLevel): Browsing {
  return withPages(browsing, level, [...(browsing.pages.get(level) ?? []), after])
}

export function goBack(browsing: Browsing, level: string): Browsing {
  return withPages(browsing, level, (browsing.pages.get(level) ?? []).slice(0, -1))
}

function withPages(browsing: Browsing, level: string, places: readonly PlaceInLevel[]): Browsing {
  const pages = new Map(browsing.pages)
  if (places.length) pages.set(level, places)
  else pages.delete(level)
  return { ...browsing, pages }
}

/** The levels to load: the top, and what is open, of which only the latest when it is very much. None where
 * everything is as it is at first. */
export function wantedLevels({ toggled, pages }: Browsing): WantedLevel[] {
  const open = [...toggled].filter(([, isOpen]) => isOpen).map(([id]) => id)
  if (!open.length && !pages.has(TOP)) return []
  return [TOP, ...open.slice(1 - MOST_LEVELS)].map(parentId => {
    const after = pages.get(parentId)?.at(-1)
    return after ? { parentId, after } : { parentId }
  })
}

/** From a page whose rooms have all been deleted back to the one before it. The same where there is none. */
export function withoutEmptied(browsing: Browsing, rooms: ReadonlyMap<string, ListedRoom>): Browsing {
  const filled = new Set([...rooms.values()].map(({ parentId = TOP }) => parentId))
  const emptied = [...browsing.pages.keys()].filter(level => !filled.has(level))
  return emptied.reduce(goBack, browsing)
}
