import { Alert, Anchor, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { type FormEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { signIn } from '../api/account'
import { joinedAs } from '../api/invitation'
import { passwordSetFor } from '../api/password'
import { ApiError, RESOURCE_EXHAUSTED, UNAUTHENTICATED, UNREACHABLE } from '../api/v1'
import { PageFrame } from '../ui/PageFrame'
import { useStore } from '../ui/store'
import { FormEnd } from './FormEnd'

export function LoginPage() {
  const { t } = useTranslation()
  const joined = useStore(joinedAs)
  const newcomer = useStore(passwordSetFor) ?? joined
  const passwordField = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (newcomer) passwordField.current?.focus()
  }, [newcomer])
  const login = useMutation({
    mutationFn: ({ username, password }: { username: string; password: string }) =>
      signIn(username, password),
    onSuccess: () => {
      passwordSetFor.set(null)
      joinedAs.set(null)
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    login.mutate({
      username: String(fields.get('username') ?? '').trim(),
      password: String(fields.get('password') ?? ''),
    })
  }
  return (
    <PageFrame title={t('login.title')} width={27} centred card>
      <form onSubmit={submit}>
        <Stack gap="md">
          <div>
            <Title order={1} size="h2">
              {t('login.title')}
            </Title>
            <Text c="var(--sr-muted)">{t('login.lead')}</Text>
          </div>
          {newcomer && (
            <Alert color="lagoon" variant="light" role="alert" data-testid="password-set">
              {t(joined === null ? 'login.passwordSet' : 'login.joined')}
            </Alert>
          )}
          <TextInput
            name="username"
            data-testid="username"
            label={t('login.username')}
            defaultValue={newcomer ?? ''}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            size="md"
            required
            withAsterisk={false}
          />
          <PasswordInput
            name="password"
            data-testid="password"
            label={t('login.password')}
            ref={passwordField}
            autoComplete="current-password"
            size="md"
            required
            withAsterisk={false}
          />
          <FormEnd
            problem={login.error && loginProblem(t, login.error)}
            isPending={login.isPending}
            label={t('login.submit')}
            testId="sign-in"
          />
          <Anchor href="#/forgotten" size="sm" data-testid="forgotten">
            {t('forgotten.question')}
          </Anchor>
          <Text size="sm" c="var(--sr-muted)">
            {t('login.guestHint')}
          </Text>
          <Anchor href="/docs" size="sm" data-testid="docs">
            {t('docs.link')}
          </Anchor>
        </Stack>
      </form>
    </PageFrame>
  )
}

function loginProblem(t: TFunction, error: Error): string {
  const code = error instanceof ApiError ? error.code : -1
  if (code === UNAUTHENTICATED) return t('login.wrong')
  if (code === RESOURCE_EXHAUSTED) return t('login.tooMany')
  if (code === UNREACHABLE) return t('login.unreachable')
  return t('login.failed', { message: error.message })
}
