import { accessToken, callSignedIn, withToken } from './account'
import type { components } from './alfaview'
import { callClient, type Schemas } from './client'

type User = components['schemas']['User']

/** Details that a person gives of themselves. */
export interface Profile {
  email: string
  title: string
  firstName: string
  lastName: string
  language: string
}

export type Session = Schemas['OwnSession']

/** Rejects, as all of these do, with an ApiError or a SignallingError. */
export async function ownProfile(userId: string): Promise<Profile> {
  const reply = await callSignedIn<{ users?: Record<string, User> }>('userService/list', {
    userIdList: [userId],
  })
  const user = reply.users?.[userId]
  return {
    email: user?.email ?? '',
    title: user?.userProfile?.title ?? '',
    firstName: user?.userProfile?.firstname ?? '',
    lastName: user?.userProfile?.lastname ?? '',
    language: user?.locale?.UILanguage ?? 'en',
  }
}

export async function saveProfile(
  userId: string,
  { title, firstName, lastName, language }: Profile,
): Promise<void> {
  const { locale } = await callSignedIn<{ locale?: components['schemas']['Locale'] }>(
    'userService/getLocale',
    {},
  )
  await callSignedIn('userService/update', {
    userId,
    user: {
      userProfile: { title, firstname: firstName, lastname: lastName },
      locale: { UILanguage: language, spokenLanguages: locale?.spokenLanguages ?? [] },
    },
  })
}

export async function ownSessions(): Promise<readonly Session[]> {
  return (await withToken(token => callClient('/client/sessions', { accessToken: token }))).sessions
}

/** Signs out everywhere else. This page goes on with a new token. */
export async function endOtherSessions(): Promise<void> {
  await withToken(token => callClient('/client/sessions/end-others', { accessToken: token }))
  await accessToken(true)
}
