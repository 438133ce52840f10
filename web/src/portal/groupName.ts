import type { TFunction } from 'i18next'

const NAMED = ['Admin', 'Moderator', 'Participant', 'Guest', 'Spectator'] as const

/** A permission group in the person's language; groups an organization named itself keep their name. */
export function groupName(t: TFunction, name: string): string {
  const known = NAMED.find(group => group === name)
  return known ? t(`group.${known}`) : name
}
