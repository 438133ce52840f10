import { callSignedIn } from './account'
import type { components } from './alfaview'
import type { Findable } from './scheduling'

type Room = components['schemas']['Room']
type Role = NonNullable<components['schemas']['Permissions']['role']>

/** The roles that can be given, strongest first, and that of nobody. */
export const ROLES = [
  'ROLE_ADMIN',
  'ROLE_MODERATOR',
  'ROLE_PARTICIPANT',
  'ROLE_GUEST',
  'ROLE_SPECTATOR',
  'ROLE_NO_ACCESS',
] as const satisfies readonly Role[]

export type GivenRole = (typeof ROLES)[number]

export interface Access {
  /** Role of everybody in the organization; null when nobody comes in who is not named. */
  byDefault: GivenRole | 'ROLE_CUSTOM' | null
  /** Roles of the people who are named, by their ids. */
  named: ReadonlyMap<string, GivenRole | 'ROLE_CUSTOM'>
}

/** Roles of people in a room; null when there is no such room. Rejects with an ApiError, as the others do. */
export async function roomAccess(roomId: string): Promise<Access | null> {
  const reply = await callSignedIn<{ rooms?: Record<string, Room> }>('roomService/list', {
    filterRoomIds: [roomId],
    limit: 1,
    skipFlags: ['SKIP_METADATA', 'SKIP_SUBROOMS'],
  })
  const room = reply.rooms?.[roomId]
  if (!room) return null
  const { defaultPermissions, permissions = {} } = room
  return {
    byDefault: defaultPermissions ? known(defaultPermissions.role) : null,
    named: new Map(Object.entries(permissions).map(([id, { role }]) => [id, known(role)])),
  }
}

function known(role: Role | undefined): GivenRole | 'ROLE_CUSTOM' {
  return ROLES.find(one => one === role) ?? 'ROLE_CUSTOM'
}

/** Gives somebody a role in a room; null takes what they have been given away. */
export async function giveRole(roomId: string, personId: string, role: GivenRole | null): Promise<void> {
  const permissions = { [personId]: role ? { role } : { remove: true } }
  await callSignedIn('roomService/update', { roomId, room: { permissions } })
}

/** Set the role of everybody in the organization in a room; null lets nobody in who is not named. */
export async function setDefaultRole(roomId: string, role: GivenRole | null): Promise<void> {
  const room = role ? { defaultPermissions: { role } } : {}
  await callSignedIn('roomService/update', { roomId, room, removeDefaultPermissions: role === null })
}

interface User {
  email?: string
  username?: string
  userProfile?: { firstname?: string; lastname?: string }
}

/** As many as the server tells of at once. */
const MOST_NAMES = 1000

/** Names and addresses of people by their ids, as far as one may know them. */
export async function peopleById(userIds: readonly string[]): Promise<ReadonlyMap<string, Findable>> {
  if (!userIds.length) return new Map()
  const reply = await callSignedIn<{ users?: Record<string, User> }>('userService/list', {
    userIdList: userIds.slice(0, MOST_NAMES),
  })
  return new Map(
    Object.entries(reply.users ?? {}).map(([id, { email = '', username = '', userProfile }]) => {
      const name = [userProfile?.firstname, userProfile?.lastname].filter(Boolean).join(' ')
      return [id, { id, name: name || email || username || id, email }]
    }),
  )
}

/** Puts a room or department under a parent (empty: at the top), behind one of its rooms (empty: first). */
export async function moveRoom(roomId: string, parentId: string, moveAfterRoomId: string): Promise<void> {
  await callSignedIn('roomService/sort', { roomMoves: [{ roomId, parentId, moveAfterRoomId }] })
}

/** Features that a room can be set to have beside its kind. */
export const FEATURES = [
  'RAISE_HANDS',
  'HIDE_RAISED_HANDS',
  'ALLOW_COPY_ROOM_INFO',
  'PARTICIPANTS_CAN_ONLY_MEDIASHARE_TO_MODERATORS',
  'BLOCK_WEBCLIENT',
  'DISABLE_JOIN_AND_LEAVE_NOTIFICATIONS',
  'SIXTEEN_BY_NINE_VIDEOS',
  'CENTERED_VIDEO_GRID',
  'SORT_VIDEO_GRID_ALPHABETICALLY',
  'DISABLE_MINI_WINDOW',
] as const

export type Feature = (typeof FEATURES)[number]

export async function setFeature(roomId: string, id: Feature, isOn: boolean): Promise<void> {
  const features = [{ id, state: isOn ? 'ENABLED' : 'DISABLED' }]
  await callSignedIn('roomService/update', { roomId, room: { features } })
}
