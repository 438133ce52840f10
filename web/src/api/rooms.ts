import { callSignedIn, withToken } from './account'
import type { components } from './alfaview'
import { callClient, type Schemas } from './client'

type Room = components['schemas']['Room']

/** A room or department as the v1 API lists it. */
export type ListedRoom = Room

export interface PersonInside {
  displayName?: string
  isGuest?: boolean
  isSpectator?: boolean
}

/** A room or department as somebody wants it; what is left out stays, or is as usual. */
export type RoomWish = Room

/** Size of rooms: how many people one can hold, and how many more rooms there may be of the size. */
export interface RoomSize {
  name: string
  active: number
  passive: number
  isFull: boolean
  /** Numbers of rooms of the size that there are and may be; null where nothing limits them. */
  used: { count: number; limit: number } | null
}

export type WantedLevel = Schemas['WantedLevel']

/** Place in a level behind which it goes on. */
export type PlaceInLevel = Schemas['PlaceInLevel']

/** As much of the tree of rooms as is shown. */
export interface RoomsShown {
  rooms: ReadonlyMap<string, ListedRoom>
  /** By department, empty for the top: behind which place a level that has more goes on. */
  following: Readonly<Record<string, PlaceInLevel>>
  /** Whether these are all the rooms that there are. */
  isWhole: boolean
  /** Whether more rooms have in their names what was looked for. */
  hasMore: boolean
}

/** Rooms to show: pages of levels. Without any, they are all of a small tree, and of another one its top, or
 * the rooms with the term in their names. */
export interface RoomsWanted {
  levels?: WantedLevel[]
  term?: string
  departmentsOnly?: boolean
}

/** Value that stands for the absence of a limit. */
const UNLIMITED = 2_147_483_647

/** The rooms of one call of the v1 API. */
const MOST = 1000
const SKIP = ['SKIP_OTHER_PERMISSIONS', 'SKIP_METADATA', 'SKIP_SUBROOMS']

/** The rooms and departments to show. One that is deleted in between is left out. Rejects with an ApiError or a
 * SignallingError. */
export async function roomsToShow(wanted: RoomsWanted): Promise<RoomsShown> {
  const { roomIds, ...page } = await withToken(accessToken =>
    callClient('/client/rooms', { accessToken, ...wanted }),
  )
  const parts: string[][] = []
  for (let start = 0; start < roomIds.length; start += MOST) parts.push(roomIds.slice(start, start + MOST))
  const rooms = await Promise.all(parts.map(listRooms))
  return { ...page, rooms: new Map(rooms.flat()) }
}

/** Rooms with the ids, each with its id. Rooms that do not exist are left out. */
async function listRooms(filterRoomIds: string[]): Promise<[string, ListedRoom][]> {
  const body = { filterRoomIds, limit: MOST, skipFlags: SKIP }
  const reply = await callSignedIn<{ rooms?: Record<string, ListedRoom> }>('roomService/list', body)
  return Object.entries(reply.rooms ?? {})
}

/** People inside each of these rooms, without spectators. Rooms nobody is in are left out. */
export async function roomStatus(roomIds: string[]): Promise<ReadonlyMap<string, PersonInside[]>> {
  interface Reply {
    rooms?: Record<string, { users?: Record<string, PersonInside> }>
  }
  const reply = await callSignedIn<Reply>('roomService/status', { roomIds })
  const inside = new Map<string, PersonInside[]>()
  for (const [id, { users }] of Object.entries(reply.rooms ?? {})) {
    const people = Object.values(users ?? {}).filter(person => !person.isSpectator)
    if (people.length) inside.set(id, people)
  }
  return inside
}

/** A room as it is now; null when there is none. */
export async function roomNow(roomId: string): Promise<ListedRoom | null> {
  const [found] = await listRooms([roomId])
  return found ? found[1] : null
}

export async function roomName(roomId: string): Promise<string | null> {
  const [found] = await listRooms([roomId])
  return found ? (found[1].displayName ?? '') : null
}

export async function createRoom(room: RoomWish): Promise<void> {
  await callSignedIn('roomService/create', { room })
}

/** Changes a room; `close` leaves it to those who are named or have a link. */
export async function updateRoom(roomId: string, room: RoomWish, close: boolean): Promise<void> {
  await callSignedIn('roomService/update', { roomId, room, removeDefaultPermissions: close })
}

export async function destroyRoom(roomId: string): Promise<void> {
  await callSignedIn('roomService/destroy', { roomId })
}

/** The sizes that rooms can have, smallest first. */
export async function roomSizes(): Promise<RoomSize[]> {
  interface Available {
    /** A 64-bit integer in a string; left out when it is 0. */
    available?: string
    limit?: string
    quota?: { name?: string; activeParticipants?: number; passiveParticipants?: number }
  }
  const reply = await callSignedIn<{ roomTypes?: Available[] }>('roomService/availableTypes', {
    type: 'ROOM_TYPE_ROOM',
  })
  return (reply.roomTypes ?? []).map(({ available, limit, quota }) => ({
    name: quota?.name ?? '',
    active: quota?.activeParticipants ?? 0,
    passive: quota?.passiveParticipants ?? 0,
    isFull: Number(available ?? 0) === 0,
    used:
      Number(limit ?? 0) === UNLIMITED
        ? null
        : { count: Number(limit ?? 0) - Number(available ?? 0), limit: Number(limit ?? 0) },
  }))
}

/** The display names of organizations, by id. */
export async function companyNames(companyIdList: string[]): Promise<ReadonlyMap<string, string>> {
  const reply = await callSignedIn<{ companies?: Record<string, { displayName?: string }> }>(
    'companyService/list',
    { companyIdList },
  )
  return new Map(
    Object.entries(reply.companies ?? {}).map(([id, company]) => [id, company.displayName ?? id]),
  )
}

/** Name of a person: first and last name, or the e-mail address without them. */
export async function personName(userId: string): Promise<string> {
  interface User {
    email?: string
    userProfile?: { firstname?: string; lastname?: string }
  }
  const reply = await callSignedIn<{ users?: Record<string, User> }>('userService/list', {
    userIdList: [userId],
  })
  const user = reply.users?.[userId]
  const name = [user?.userProfile?.firstname, user?.userProfile?.lastname].filter(Boolean).join(' ')
  return name || user?.email || ''
}
