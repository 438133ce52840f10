import { Button, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { signOut } from '../api/account'
import {
  complaintAboutPassword,
  lookUpPasswordLink,
  type PasswordComplaint,
  type PasswordLink,
  passwordSetFor,
  setPassword,
} from '../api/password'
import { formatDateTime } from '../i18n/format'
import { log } from '../log'
import { navigate } from '../route/hash'
import { passwordLink } from '../route/linkKeys'
import { MessagePage } from '../ui/MessagePage'
import { PageFrame, useHeadingFocus } from '../ui/PageFrame'
import { FormEnd } from './FormEnd'
import { PasswordField } from './PasswordField'
import { passwordProblem } from './passwordProblem'

type OpenLink = Extract<PasswordLink, { state: 'valid' }>
type ClosedLink = Exclude<PasswordLink, OpenLink>

/** Page behind the link of a mail that asks somebody to set their password. */
export function PasswordPage({ linkKey }: { linkKey: string }) {
  const { t } = useTranslation()
  const [closed, setClosed] = useState<ClosedLink | null>(null)
  const link = useQuery({
    queryKey: ['password-link', linkKey],
    queryFn: () => lookUpPasswordLink(linkKey),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: 0,
    gcTime: 0,
  })

  if (link.isPending) return <MessagePage title={t('link.loading')} />
  if (!link.data) {
    return (
      <MessagePage
        isError
        title={t('password.title')}
        text={passwordProblem(t, link.error, 'password.failed')}
        actions={<Button onClick={() => void link.refetch()}>{t('common.retry')}</Button>}
      />
    )
  }
  const found = closed ?? link.data
  if (found.state !== 'valid') return <NoLongerGood link={found} />
  return <PasswordForm linkKey={linkKey} link={found} onClosed={setClosed} />
}

interface PasswordFormProps {
  linkKey: string
  link: OpenLink
  /** Called when somebody else was faster, or the time has run out meanwhile. */
  onClosed: (link: ClosedLink) => void
}

function PasswordForm({ linkKey, link, onClosed }: PasswordFormProps) {
  const { t, i18n } = useTranslation()
  const heading = useHeadingFocus()
  const field = useRef<HTMLInputElement>(null)
  const [password, choosePassword] = useState('')
  const [complaint, setComplaint] = useState<PasswordComplaint | null>(null)
  const setting = useMutation({
    mutationFn: () => setPassword(linkKey, password),
    onSuccess: answer => {
      if (answer.state !== 'set') return onClosed(answer)
      // The person signed in on this browser so far is not necessarily the one who goes on.
      signOut().catch((error: unknown) => log.warning('signing out', error))
      passwordLink.forget()
      passwordSetFor.set(answer.username)
      navigate('#/login')
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const found = complaintAboutPassword(password)
    setComplaint(found)
    if (found) field.current?.focus()
    else setting.mutate()
  }
  const companies = new Intl.ListFormat(i18n.language).format(link.companyNames)
  return (
    <PageFrame title={t('password.title')} width={27} centred card>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <div>
            <Title ref={heading} tabIndex={-1} order={1} size="h2" mb="xs">
              {t('password.title')}
            </Title>
            <Text data-testid="password-for">
              {companies
                ? t('password.forAt', { name: link.displayName, companies })
                : t('password.for', { name: link.displayName })}
            </Text>
            <Text c="var(--sr-muted)" data-testid="password-username">
              {t('password.username', { username: link.username })}
            </Text>
          </div>
          {/* For programs that keep passwords: it tells them whose this one is. */}
          <input type="text" name="username" autoComplete="username" value={link.username} readOnly hidden />
          <PasswordField
            ref={field}
            testId="new-password"
            label={t('password.label')}
            isNew
            complaint={complaint}
            value={password}
            onChange={chosen => {
              choosePassword(chosen)
              if (complaint) setComplaint(complaintAboutPassword(chosen))
            }}
          />
          <FormEnd
            problem={setting.error && passwordProblem(t, setting.error, 'password.failed')}
            isPending={setting.isPending}
            label={t('password.submit')}
            testId="set-password"
          />
          <Text size="sm" c="var(--sr-muted)">
            {t('password.once', { date: formatDateTime(link.validUntil) })}
          </Text>
        </Stack>
      </form>
    </PageFrame>
  )
}

function NoLongerGood({ link }: { link: ClosedLink }) {
  const { t } = useTranslation()
  const signIn = <Button onClick={() => navigate('#/login')}>{t('login.submit')}</Button>
  if (link.state === 'expired') {
    return (
      <MessagePage
        isError
        title={t('link.expiredTitle')}
        text={t('link.expired', { date: formatDateTime(link.validUntil) })}
        actions={signIn}
      />
    )
  }
  return <MessagePage isError title={t('password.usedTitle')} text={t('password.used')} actions={signIn} />
}
