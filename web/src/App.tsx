import { Button } from '@mantine/core'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { account, restoreAccount } from './api/account'
import { DocsPage } from './docs/DocsPage'
import { GuestPage } from './join/GuestPage'
import { MemberPage } from './join/MemberPage'
import { CompanyDeletionPage } from './launch/CompanyDeletionPage'
import { LaunchPage } from './launch/LaunchPage'
import { MagicPage } from './launch/MagicPage'
import { MeetingPage } from './meeting/MeetingPage'
import { ForgottenPage } from './portal/ForgottenPage'
import { InvitationPage } from './portal/InvitationPage'
import { LoginPage } from './portal/LoginPage'
import { PasswordPage } from './portal/PasswordPage'
import { PortalPages } from './portal/PortalPages'
import { navigate, parseRoute, type Route, useHash } from './route/hash'
import { companyDeletionLink, invitationLink, magicLink, passwordLink } from './route/linkKeys'
import { MessagePage } from './ui/MessagePage'
import { useStore } from './ui/store'

export function App() {
  const hash = useHash()
  const passwordKey = useStore(passwordLink.current)
  const invitationKey = useStore(invitationLink.current)
  const deletionKey = useStore(companyDeletionLink.current)
  const magicToken = useStore(magicLink.current)
  if (window.location.pathname.startsWith('/webclient')) return <LaunchPage />
  if (window.location.pathname.startsWith('/docs')) return <DocsPage />
  const route = parseRoute(hash)
  switch (route.page) {
    case 'join': {
      const { companyId, roomId, accessKey } = route.link
      return <GuestPage key={`${companyId}/${roomId}/${accessKey}`} link={route.link} />
    }
    case 'meeting':
      return <MeetingPage key={`${route.number}/${route.key}`} number={route.number} accessKey={route.key} />
    case 'password':
      return passwordKey === null ? <NothingHere /> : <PasswordPage key={passwordKey} linkKey={passwordKey} />
    case 'invitation':
      return invitationKey === null ? (
        <NothingHere />
      ) : (
        <InvitationPage key={invitationKey} linkKey={invitationKey} />
      )
    case 'company-deletion':
      return deletionKey === null ? (
        <NothingHere />
      ) : (
        <CompanyDeletionPage key={deletionKey} linkKey={deletionKey} />
      )
    case 'magic':
      return magicToken === null ? <NothingHere /> : <MagicPage key={magicToken} token={magicToken} />
    case 'forgotten':
      return <ForgottenPage />
    case 'unknown':
      return <NothingHere />
    default:
      return <SignedInPages route={route} />
  }
}

/** The pages for people with an account; whoever is not signed in signs in first and goes on where they wanted. */
function SignedInPages({ route }: { route: Route & { page: 'portal' | 'room' | 'login' } }) {
  const { t } = useTranslation()
  const current = useStore(account)
  useEffect(() => {
    if (account.get().state === 'unknown') void restoreAccount()
  }, [])
  const login = route.page === 'login'
  useEffect(() => {
    if (current.state === 'in' && login) navigate('#/')
  }, [current.state, login])
  if (current.state === 'unknown') return <MessagePage title={t('common.loading')} />
  if (current.state === 'out') return <LoginPage />
  if (route.page === 'room') return <MemberPage key={route.roomId} roomId={route.roomId} />
  const { name, rest } = route.page === 'portal' ? route : { name: 'home' as const, rest: [] }
  return <PortalPages me={current} name={name} rest={rest} />
}

function NothingHere() {
  const { t } = useTranslation()
  return (
    <MessagePage
      isError
      title={t('unknown.title')}
      text={t('unknown.text')}
      actions={<Button onClick={() => navigate('#/')}>{t('common.back')}</Button>}
    />
  )
}
