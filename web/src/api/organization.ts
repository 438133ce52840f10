import { callSignedIn, withToken } from './account'
import type { components } from './alfaview'
import { callClient, type Schemas } from './client'

export type Organization = Schemas['OrganizationAnswer']
export type BrandingSettings = Schemas['BrandingSettingsAnswer']
export type BrandingChange = Omit<Schemas['BrandingChange'], 'accessToken' | 'version'>
export type ListedApiKey = Schemas['ListedApiKey']
export type ListedMeetingKey = Schemas['ListedMeetingKey']
export type KeyUse = ListedMeetingKey['permissions'][number]
export type Keys = Schemas['KeysAnswer']
export type Hook = Schemas['ListedHook']
export type HookChange = Partial<Pick<Hook, 'name' | 'url' | 'types' | 'enabled'>>
export type Delivery = Schemas['ListedDelivery']
export type LoggedEvent = Schemas['ListedEvent']
export type EventsWanted = Omit<Schemas['EventsQuery'], 'accessToken'>
export type PermissionGroup = components['schemas']['PermissionGroup']

/** Rejects, as all of these do, with a SignallingError, or an ApiError when signed out. */
export function ownOrganization(): Promise<Organization> {
  return withToken(accessToken => callClient('/client/organization', { accessToken }))
}

/** Rejects with `changed_meanwhile` when somebody else has changed it since `version`. */
export function changeOrganization(
  version: string,
  change: Pick<Schemas['OrganizationChange'], 'name' | 'privacyLink' | 'keptDays' | 'asksBeforeRecording'>,
): Promise<Organization> {
  return withToken(accessToken =>
    callClient('/client/organization/change', { accessToken, version, ...change }),
  )
}

export function ownBranding(): Promise<BrandingSettings> {
  return withToken(accessToken => callClient('/client/organization/branding', { accessToken }))
}

/** A logo is base64, or null for none; without it, what is there stays. Rejects with `changed_meanwhile` when
 * somebody else has changed it since `version`. */
export function changeBranding(version: string, change: BrandingChange): Promise<BrandingSettings> {
  return withToken(accessToken =>
    callClient('/client/organization/branding/change', { accessToken, version, ...change }),
  )
}

export function listKeys(): Promise<Keys> {
  return withToken(accessToken => callClient('/client/keys', { accessToken }))
}

/** Returns the code, which cannot be had again. */
export async function createApiKey(clientId: string, permissions: string[]): Promise<string> {
  const made = await withToken(accessToken =>
    callClient('/client/keys/create-api-key', { accessToken, clientId, permissions }),
  )
  return made.key
}

export async function revokeApiKey(clientId: string): Promise<void> {
  await withToken(accessToken => callClient('/client/keys/revoke-api-key', { accessToken, clientId }))
}

/** Returns the key, which cannot be had again. */
export async function createMeetingKey(name: string, permissions: KeyUse[]): Promise<string> {
  const made = await withToken(accessToken =>
    callClient('/client/keys/create-meeting-key', { accessToken, name, permissions }),
  )
  return made.key
}

export async function revokeMeetingKey(id: number): Promise<void> {
  await withToken(accessToken => callClient('/client/keys/revoke-meeting-key', { accessToken, id }))
}

export async function listHooks(): Promise<readonly Hook[]> {
  return (await withToken(accessToken => callClient('/client/webhooks', { accessToken }))).hooks
}

/** Returns the hook and its secret, which cannot be had again. */
export function createHook(name: string, url: string, types: string[]): Promise<Schemas['NewHookAnswer']> {
  return withToken(accessToken => callClient('/client/webhooks/create', { accessToken, name, url, types }))
}

/** Rejects with `changed_meanwhile` when somebody else has changed it since it was loaded. */
export function changeHook({ id, version }: Hook, change: HookChange): Promise<Hook> {
  return withToken(accessToken =>
    callClient('/client/webhooks/change', { accessToken, id, version, ...change }),
  )
}

export async function deleteHook(id: number): Promise<void> {
  await withToken(accessToken => callClient('/client/webhooks/delete', { accessToken, id }))
}

export async function testHook(id: number): Promise<void> {
  await withToken(accessToken => callClient('/client/webhooks/test', { accessToken, id }))
}

export function listDeliveries(id: number, before?: number): Promise<Schemas['DeliveriesAnswer']> {
  return withToken(accessToken =>
    callClient('/client/webhooks/deliveries', { accessToken, id, ...(before !== undefined && { before }) }),
  )
}

export async function redeliver(id: number, deliveryId: number): Promise<void> {
  await withToken(accessToken => callClient('/client/webhooks/redeliver', { accessToken, id, deliveryId }))
}

export function listEvents(wanted: EventsWanted): Promise<Schemas['EventsAnswer']> {
  return withToken(accessToken => callClient('/client/events', { accessToken, ...wanted }))
}

/** The permission groups in their order, by id. */
export async function listPermissionGroups(): Promise<readonly [string, PermissionGroup][]> {
  const reply = await callSignedIn<{ permissionGroups?: Record<string, PermissionGroup> }>(
    'businessLogicService/permissionGroups/list',
    {},
  )
  return Object.entries(reply.permissionGroups ?? {}).sort(
    ([, one], [, other]) => (one.order ?? 0) - (other.order ?? 0),
  )
}

export async function changePermissionGroup(id: string, group: PermissionGroup): Promise<void> {
  await callSignedIn('businessLogicService/permissionGroups/update', { permissionGroups: { [id]: group } })
}
