import { ADMINISTRATION, type Administration, callSignedIn, withToken } from './account'
import { callClient, type Schemas } from './client'

export type ListedPerson = Schemas['ListedPerson']
export type PersonState = ListedPerson['state']
export type PeoplePage = Schemas['PeopleAnswer']
export type Removal = Schemas['RemovalAnswer']

/** Query for people; fields left out do not restrict. `after` is the place the page before ended at. */
export type PeopleWanted = Omit<Schemas['PeopleQuery'], 'accessToken'>

/** Changes to be made to a person; fields left out stay. */
export type PersonChange = Omit<Schemas['PersonChange'], 'accessToken' | 'personId' | 'version'>

/** Person who is to be invited. */
export interface Invitation {
  email: string
  title: string
  firstName: string
  lastName: string
  language: string
}

/** A page of people. Rejects, as all of these do, with a SignallingError, or an ApiError when signed out. */
export function listPeople(wanted: PeopleWanted): Promise<PeoplePage> {
  return withToken(accessToken => callClient('/client/people', { accessToken, ...wanted }))
}

export function lookUpPerson(personId: string): Promise<ListedPerson> {
  return withToken(accessToken => callClient('/client/people/look-up', { accessToken, personId }))
}

/** Changes somebody. Rejects with `changed_meanwhile` when somebody else has done so since `person` was loaded. */
export function changePerson({ id, version }: ListedPerson, change: PersonChange): Promise<ListedPerson> {
  return withToken(accessToken =>
    callClient('/client/people/change', { accessToken, personId: id, version, ...change }),
  )
}

/** Mails somebody a link by which they set another password. Rejects with `too_many_attempts` just after another. */
export async function sendPasswordLink(personId: string): Promise<void> {
  await withToken(accessToken => callClient('/client/people/send-password-link', { accessToken, personId }))
}

/** Consequences of a person's removal: for meetings to come, and for rooms in which they are named. */
export function lookAtRemoval(personId: string): Promise<Removal> {
  return withToken(accessToken => callClient('/client/people/removal', { accessToken, personId }))
}

export async function removePerson(userId: string): Promise<void> {
  await callSignedIn('userService/destroy', { userId })
}

/** Invites somebody, or sends them the invitation again. Returns the person's id. */
export async function invite(invitation: Invitation): Promise<string> {
  const { email, ...user } = userOf(invitation)
  const reply = await callSignedIn<{ userId?: string }>('userService/invite', { email, ...user })
  return reply.userId ?? ''
}

/** Invites up to 10,000 people, who all get the permissions. Returns the id of the task that does it. */
export async function inviteMany(
  invitations: readonly Invitation[],
  permissions: ReadonlySet<Administration>,
): Promise<string> {
  const reply = await callSignedIn<{ trackingInfo?: { taskId?: string } }>(
    'businessLogicService/inviteUsers',
    {
      userInvitations: invitations.map(one => ({ user: userOf(one) })),
      userPermissions: Object.fromEntries([...permissions].map(name => [ADMINISTRATION[name], true])),
    },
  )
  return reply.trackingInfo?.taskId ?? ''
}

function userOf({ email, title, firstName, lastName, language }: Invitation) {
  return {
    email,
    userProfile: { title, firstname: firstName, lastname: lastName },
    ...(language && { locale: { UILanguage: language } }),
  }
}

/** Name of a person: title, first and last name, or without these the e-mail address or the username. */
export function nameOf({ title, firstName, lastName, email, username }: ListedPerson): string {
  return [title, firstName, lastName].filter(Boolean).join(' ') || email || username
}
