import type { Icon } from '@tabler/icons-react'
import type { SignedIn } from '../api/account'
import type { PortalPageName } from '../route/hash'
import {
  IconBuilding,
  IconCalendarEvent,
  IconDoorEnter,
  IconPlayerPlay,
  IconUser,
  IconUsers,
} from '../ui/icons'

interface PortalPageEntry {
  name: PortalPageName
  Icon: Icon
  /** Whether somebody finds something to do there. */
  isOfUse: (me: SignedIn) => boolean
}

const PAGES: readonly PortalPageEntry[] = [
  { name: 'rooms', Icon: IconDoorEnter, isOfUse: () => true },
  { name: 'meetings', Icon: IconCalendarEvent, isOfUse: () => true },
  { name: 'recordings', Icon: IconPlayerPlay, isOfUse: () => true },
  { name: 'people', Icon: IconUsers, isOfUse: seesPeople },
  { name: 'organization', Icon: IconBuilding, isOfUse: seesOrganization },
  { name: 'profile', Icon: IconUser, isOfUse: () => true },
]

export function pagesFor(me: SignedIn): readonly PortalPageEntry[] {
  return PAGES.filter(page => page.isOfUse(me))
}

export function seesPeople({ permissions }: SignedIn): boolean {
  return permissions.has('USER_LIST') || permissions.has('USER_ADMIN')
}

export function seesOrganization({ permissions }: SignedIn): boolean {
  return permissions.has('COMPANY_ADMIN') || permissions.has('MANAGE_COMPANY')
}
