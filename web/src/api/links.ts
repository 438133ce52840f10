import { callSignedIn } from './account'

interface Link {
  id: string
  permissionGroupId?: string
  validFrom?: string
  validUntil?: string
  joinLink?: string
}

export interface GroupLink extends Link {
  description?: string
}

export interface GuestLink extends Link {
  displayName?: string
  email?: string
  locale?: string
}

export interface PermissionGroup {
  id: string
  name: string
}

export interface GroupLinkCreation {
  description: string
  permissionGroupId: string
  validFrom?: string
  validUntil?: string
}

export interface GuestLinkCreation {
  displayName: string
  email: string
  locale: string
  sendEmail: boolean
  permissionGroupId: string
  validFrom?: string
  validUntil?: string
}

const GUESTS = 'guestService.v2'

/** The groups a link can give its guests, strongest first. */
export async function permissionGroups(): Promise<PermissionGroup[]> {
  interface Group {
    name?: string
    order?: number
    permissions?: { join?: boolean; admin?: boolean }
  }
  const reply = await callSignedIn<{ permissionGroups?: Record<string, Group> }>(
    'businessLogicService/permissionGroups',
    {},
  )
  return Object.entries(reply.permissionGroups ?? {})
    .filter(([, group]) => group.permissions?.join && !group.permissions.admin)
    .sort(([, one], [, other]) => (one.order ?? 0) - (other.order ?? 0))
    .map(([id, group]) => ({ id, name: group.name ?? id }))
}

export async function listGroupLinks(roomId: string): Promise<GroupLink[]> {
  const reply = await callSignedIn<{ groupLinks?: GroupLink[] }>(`${GUESTS}/listGroupLinks`, { roomId })
  return reply.groupLinks ?? []
}

export async function listGuestLinks(roomId: string): Promise<GuestLink[]> {
  const reply = await callSignedIn<{ guestLinks?: GuestLink[] }>(`${GUESTS}/listGuestLinks`, { roomId })
  return reply.guestLinks ?? []
}

export async function createGroupLink(roomId: string, creation: GroupLinkCreation): Promise<void> {
  await callSignedIn(`${GUESTS}/createGroupLinks`, { roomId, groupLinkCreations: [creation] })
}

export async function createGuestLink(roomId: string, creation: GuestLinkCreation): Promise<void> {
  await callSignedIn(`${GUESTS}/createGuestLinks`, {
    roomId,
    timezone: timezone(),
    guestLinkCreations: [{ ...creation, skipRoomPermissionsUpdate: false }],
  })
}

/** Changes to be made to a link; fields left out stay. */
export interface LinkChange extends Partial<GuestLinkCreation> {
  id: string
  description?: string
}

export async function updateGroupLink(roomId: string, groupLink: LinkChange): Promise<void> {
  await callSignedIn(`${GUESTS}/updateGroupLink`, { groupLink: { ...groupLink, roomId } })
}

export async function updateGuestLink(roomId: string, change: LinkChange): Promise<void> {
  const { sendEmail, ...guestLink } = change
  await callSignedIn(`${GUESTS}/updateGuestLink`, {
    guestLink: { ...guestLink, roomId },
    sendEmail,
    timezone: timezone(),
  })
}

/** Mails a guest link again. */
export async function resendLink(roomId: string, id: string): Promise<void> {
  await callSignedIn(`${GUESTS}/resendGuestLinkEmail`, { roomId, id, timezone: timezone() })
}

function timezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

export async function deleteLink(roomId: string, id: string): Promise<void> {
  await callSignedIn(`${GUESTS}/deleteLink`, { roomId, id, skipRoomPermissionsUpdate: false })
}
