import { Button, Loader } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../api/account'
import { navigate, type PortalPageName } from '../route/hash'
import { MessagePage } from '../ui/MessagePage'
import { PortalFrame } from './PortalFrame'
import { PortalPage } from './PortalPage'
import { seesOrganization, seesPeople } from './pages'

// Most who come never open these.
const PeoplePage = lazy(() =>
  import('./people/PeoplePage').then(({ PeoplePage }) => ({ default: PeoplePage })),
)
const AttendancePage = lazy(() =>
  import('./attendance/AttendancePage').then(({ AttendancePage }) => ({ default: AttendancePage })),
)
const MeetingsPage = lazy(() =>
  import('./meetings/MeetingsPage').then(({ MeetingsPage }) => ({ default: MeetingsPage })),
)
const RecordingsPage = lazy(() =>
  import('./recordings/RecordingsPage').then(({ RecordingsPage }) => ({ default: RecordingsPage })),
)
const OrganizationPage = lazy(() =>
  import('./organization/OrganizationPage').then(({ OrganizationPage }) => ({ default: OrganizationPage })),
)
const ProfilePage = lazy(() =>
  import('./profile/ProfilePage').then(({ ProfilePage }) => ({ default: ProfilePage })),
)

interface PortalPagesProps {
  me: SignedIn
  name: PortalPageName | 'home'
  rest: readonly string[]
}

/** The page of the portal at an address. */
export function PortalPages(props: PortalPagesProps) {
  const { t } = useTranslation()
  const { me, name } = props
  const current = name === 'home' ? 'rooms' : name
  return (
    <Suspense
      fallback={
        <PortalFrame me={me} title={t(`portal.page.${current}`)} current={current}>
          <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />
        </PortalFrame>
      }
    >
      <Page {...props} />
    </Suspense>
  )
}

function Page({ me, name, rest }: PortalPagesProps) {
  switch (name) {
    case 'meetings':
      return <MeetingsPage me={me} rest={rest} />
    case 'recordings':
      return <RecordingsPage key={rest.join('/')} me={me} rest={rest} />
    case 'people':
      return seesPeople(me) ? <PeoplePage me={me} /> : <NotForYou />
    case 'organization':
      return seesOrganization(me) ? <OrganizationPage me={me} part={rest[0]} /> : <NotForYou />
    case 'rooms':
      return rest[0] && rest[1] === 'attendance' ? (
        <AttendancePage key={rest[0]} me={me} roomId={rest[0]} />
      ) : (
        <PortalPage me={me} />
      )
    case 'profile':
      return <ProfilePage me={me} />
    default:
      return <PortalPage me={me} />
  }
}

function NotForYou() {
  const { t } = useTranslation()
  return (
    <MessagePage
      isError
      title={t('portal.notForYou')}
      text={t('portal.notForYouText')}
      actions={<Button onClick={() => navigate('#/')}>{t('common.back')}</Button>}
    />
  )
}
