import {
  Alert,
  Button,
  Group,
  Loader,
  NativeSelect,
  Paper,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { endOtherSessions, ownProfile, ownSessions, type Profile, saveProfile } from '../../api/profile'
import { LANGUAGES, setLanguage } from '../../i18n'
import { formatDateTime } from '../../i18n/format'
import { announce } from '../announce'
import { ChangePasswordDialog } from '../ChangePasswordDialog'
import { Failure } from '../Failure'
import { PortalFrame } from '../PortalFrame'
import { problemText } from '../problemText'

/** Page of the person signed in: what they say of themselves, and how they are signed in. */
export function ProfilePage({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [isChanging, setChanging] = useState(false)
  const profile = useQuery({ queryKey: ['profile', me.userId], queryFn: () => ownProfile(me.userId) })
  return (
    <PortalFrame me={me} title={t('portal.page.profile')} current="profile">
      <Stack gap="lg" maw="40rem">
        <div>
          <Title order={1} size="h2">
            {t('portal.page.profile')}
          </Title>
          <Text c="var(--sr-muted)">{t('profile.lead')}</Text>
        </div>
        {profile.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" />}
        {profile.isError && (
          <Failure text={problemText(t, profile.error)} onRetry={() => void profile.refetch()} />
        )}
        {profile.data && <ProfileForm key={JSON.stringify(profile.data)} me={me} profile={profile.data} />}
        <Paper withBorder p="md" component="section" aria-labelledby="password-heading">
          <Title order={2} size="h4" id="password-heading">
            {t('profile.password')}
          </Title>
          <Text c="var(--sr-muted)" mb="sm">
            {t('profile.passwordHint')}
          </Text>
          <Button variant="default" onClick={() => setChanging(true)} data-testid="profile-password">
            {t('changePassword.title')}
          </Button>
        </Paper>
        <Sessions me={me} />
      </Stack>
      {isChanging && <ChangePasswordDialog onClose={() => setChanging(false)} />}
    </PortalFrame>
  )
}

function ProfileForm({ me, profile }: { me: SignedIn; profile: Profile }) {
  const { t, i18n } = useTranslation()
  const queries = useQueryClient()
  const mutationKey = ['save-profile']
  const saving = useMutation({
    mutationKey,
    mutationFn: (changed: Profile) => saveProfile(me.userId, changed),
    onSuccess: async (_, changed) => {
      await setLanguage(LANGUAGES.find(one => one === changed.language) ?? 'en')
      await queries.invalidateQueries({ queryKey: ['person', me.userId] })
      await queries.invalidateQueries({ queryKey: ['profile', me.userId] })
      // In the language that has just been chosen.
      announce(i18n.t('profile.saved'))
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    const fields = new FormData(event.currentTarget)
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    saving.mutate({
      email: profile.email,
      title: text('title'),
      firstName: text('firstName'),
      lastName: text('lastName'),
      language: text('language'),
    })
  }
  return (
    <Paper withBorder p="md">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput label={t('directory.email')} value={profile.email} readOnly />
          <TextInput
            name="title"
            label={t('directory.title')}
            defaultValue={profile.title}
            maxLength={100}
            data-testid="profile-title"
          />
          <Group grow align="start" gap="sm" preventGrowOverflow={false}>
            <TextInput
              name="firstName"
              label={t('directory.firstName')}
              defaultValue={profile.firstName}
              maxLength={200}
              autoComplete="given-name"
              data-testid="profile-first"
            />
            <TextInput
              name="lastName"
              label={t('directory.lastName')}
              defaultValue={profile.lastName}
              maxLength={200}
              autoComplete="family-name"
              data-testid="profile-last"
            />
          </Group>
          <NativeSelect
            name="language"
            label={t('language.label')}
            defaultValue={profile.language}
            data={LANGUAGES.map(value => ({ value, label: t(`language.${value}`) }))}
            data-testid="profile-language"
          />
          {saving.error && (
            <Alert color="red" role="alert" data-testid="error-message">
              {problemText(t, saving.error)}
            </Alert>
          )}
          <Button type="submit" loading={saving.isPending} data-testid="save-profile">
            {t('rooms.save')}
          </Button>
        </Stack>
      </form>
    </Paper>
  )
}

function Sessions({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const sessions = useQuery({ queryKey: ['sessions', me.userId], queryFn: ownSessions })
  const mutationKey = ['end-sessions']
  const ending = useMutation({
    mutationKey,
    mutationFn: endOtherSessions,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['sessions'] })
      announce(t('profile.ended'))
    },
  })
  const others = sessions.data?.filter(one => !one.isThis) ?? []
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="sessions-heading">
      <Title order={2} size="h4" id="sessions-heading" mb="xs">
        {t('profile.sessions')}
      </Title>
      {sessions.isPending && <Loader size="sm" role="status" aria-label={t('common.loading')} />}
      {sessions.isError && (
        <Failure text={t('profile.sessionsFailed')} onRetry={() => void sessions.refetch()} />
      )}
      <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {sessions.data?.map(one => (
          <li key={`${one.createdAt} ${one.isThis}`} data-testid="session" data-this={one.isThis}>
            <Text fw={one.isThis ? 600 : undefined}>
              {t('profile.since', { date: formatDateTime(one.createdAt) })}
              {one.isThis && ` · ${t('profile.thisOne')}`}
            </Text>
            <Text size="sm" c="var(--sr-muted)">
              {t('profile.until', { date: formatDateTime(one.expiresAt) })}
            </Text>
          </li>
        ))}
      </Stack>
      {ending.error && (
        <Alert color="red" role="alert" mt="sm" data-testid="error-message">
          {problemText(t, ending.error)}
        </Alert>
      )}
      {sessions.data && others.length === 0 && (
        <Text size="sm" c="var(--sr-muted)" mt="sm">
          {t('profile.noOthers')}
        </Text>
      )}
      {others.length > 0 && (
        <Button
          mt="sm"
          variant="default"
          loading={ending.isPending}
          onClick={() => {
            // The second click of two comes before the button is drawn as busy.
            if (!queries.isMutating({ mutationKey })) ending.mutate()
          }}
          data-testid="end-sessions"
        >
          {t('profile.endOthers')}
        </Button>
      )}
    </Paper>
  )
}
