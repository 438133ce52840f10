import { Button, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { signOut } from '../api/account'
import { acceptInvitation, type Invitation, joinedAs, lookUpInvitation } from '../api/invitation'
import { complaintAboutPassword, type PasswordComplaint } from '../api/password'
import { formatDateTime } from '../i18n/format'
import { log } from '../log'
import { navigate } from '../route/hash'
import { invitationLink } from '../route/linkKeys'
import { SignallingError } from '../signalling/socket'
import { MessagePage } from '../ui/MessagePage'
import { PageFrame, useHeadingFocus } from '../ui/PageFrame'
import { FormEnd } from './FormEnd'
import { PasswordField } from './PasswordField'
import { passwordProblem } from './passwordProblem'

type OpenInvitation = Extract<Invitation, { state: 'open' }>
type ClosedInvitation = Exclude<Invitation, OpenInvitation>

/** Page behind the link of a mail that invites somebody to an organization. */
export function InvitationPage({ linkKey }: { linkKey: string }) {
  const { t } = useTranslation()
  const [closed, setClosed] = useState<ClosedInvitation | null>(null)
  const invitation = useQuery({
    queryKey: ['invitation', linkKey],
    queryFn: () => lookUpInvitation(linkKey),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: 0,
    gcTime: 0,
  })

  if (invitation.isPending) return <MessagePage title={t('link.loading')} />
  if (!invitation.data) {
    return (
      <MessagePage
        isError
        title={t('invitation.title')}
        text={passwordProblem(t, invitation.error, 'invitation.failed')}
        actions={<Button onClick={() => void invitation.refetch()}>{t('common.retry')}</Button>}
      />
    )
  }
  const found = closed ?? invitation.data
  if (found.state !== 'open') return <NotOpen invitation={found} />
  return <InvitationForm linkKey={linkKey} invitation={found} onClosed={setClosed} />
}

interface InvitationFormProps {
  linkKey: string
  invitation: OpenInvitation
  /** Called when somebody else was faster, or the time has run out meanwhile. */
  onClosed: (invitation: ClosedInvitation) => void
}

function InvitationForm({ linkKey, invitation, onClosed }: InvitationFormProps) {
  const { t } = useTranslation()
  const heading = useHeadingFocus()
  const field = useRef<HTMLInputElement>(null)
  const [password, choosePassword] = useState('')
  const [complaint, setComplaint] = useState<PasswordComplaint | null>(null)
  const isNew = !invitation.hasAccount
  const complaintAbout = (chosen: string) => (isNew ? complaintAboutPassword(chosen) : null)
  const accepting = useMutation({
    mutationFn: () => acceptInvitation(linkKey, password),
    onSuccess: answer => {
      if (answer.state !== 'joined') return onClosed(answer)
      // The person signed in on this browser so far is not necessarily the one who goes on.
      signOut().catch((error: unknown) => log.warning('signing out', error))
      invitationLink.forget()
      joinedAs.set(answer.username)
      navigate('#/login')
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const found = complaintAbout(password)
    setComplaint(found)
    if (found) field.current?.focus()
    else accepting.mutate()
  }
  const names = { inviter: invitation.inviterName, company: invitation.companyName }
  return (
    <PageFrame title={t('invitation.title')} width={27} centred card>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <div>
            <Title ref={heading} tabIndex={-1} order={1} size="h2" mb="xs">
              {t('invitation.titleOf', names)}
            </Title>
            <Text data-testid="invitation-for">
              {t(invitation.inviterName ? 'invitation.by' : 'invitation.for', {
                ...names,
                name: invitation.displayName,
              })}
            </Text>
            <Text c="var(--sr-muted)" data-testid="invitation-username">
              {t('password.username', { username: invitation.username })}
            </Text>
          </div>
          {/* For programs that keep passwords: it tells them whose this one is. */}
          <input
            type="text"
            name="username"
            autoComplete="username"
            value={invitation.username}
            readOnly
            hidden
          />
          <PasswordField
            ref={field}
            testId="invitation-password"
            label={t(isNew ? 'invitation.newPassword' : 'invitation.ownPassword')}
            isNew={isNew}
            complaint={complaint}
            value={password}
            onChange={chosen => {
              choosePassword(chosen)
              if (complaint) setComplaint(complaintAbout(chosen))
            }}
          />
          <FormEnd
            problem={accepting.error && invitationProblem(t, accepting.error)}
            isPending={accepting.isPending}
            label={t('invitation.submit')}
            testId="accept-invitation"
          />
          <Text size="sm" c="var(--sr-muted)">
            {t('password.once', { date: formatDateTime(invitation.validUntil) })}
          </Text>
        </Stack>
      </form>
    </PageFrame>
  )
}

function NotOpen({ invitation }: { invitation: ClosedInvitation }) {
  const { t } = useTranslation()
  const signIn = <Button onClick={() => navigate('#/login')}>{t('login.submit')}</Button>
  if (invitation.state === 'expired') {
    return (
      <MessagePage
        isError
        title={t('link.expiredTitle')}
        text={t('invitation.expired', { date: formatDateTime(invitation.validUntil) })}
        actions={signIn}
      />
    )
  }
  if (invitation.state === 'accepted') {
    return (
      <MessagePage
        title={t('invitation.acceptedTitle')}
        text={t('invitation.accepted', { username: invitation.username })}
        actions={signIn}
      />
    )
  }
  return (
    <MessagePage isError title={t('password.usedTitle')} text={t('invitation.replaced')} actions={signIn} />
  )
}

function invitationProblem(t: TFunction, error: Error): string {
  if (error instanceof SignallingError && error.code === 'password_wrong') return t('invitation.wrong')
  return passwordProblem(t, error, 'invitation.failed')
}
