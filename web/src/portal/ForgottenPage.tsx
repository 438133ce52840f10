import { Anchor, Button, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { askForPasswordLink } from '../api/password'
import { navigate } from '../route/hash'
import { MessagePage } from '../ui/MessagePage'
import { PageFrame, useHeadingFocus } from '../ui/PageFrame'
import { FormEnd } from './FormEnd'
import { passwordProblem } from './passwordProblem'

/** Page to ask for a mail with a link that sets one's password. Whether there is an account is not told. */
export function ForgottenPage() {
  const { t } = useTranslation()
  const heading = useHeadingFocus()
  const asking = useMutation({ mutationFn: askForPasswordLink })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    asking.mutate(String(new FormData(event.currentTarget).get('username') ?? '').trim())
  }
  if (asking.isSuccess) {
    return (
      <MessagePage
        title={t('forgotten.sentTitle')}
        text={t('forgotten.sent', { name: asking.variables })}
        actions={<Button onClick={() => navigate('#/login')}>{t('forgotten.back')}</Button>}
      />
    )
  }
  return (
    <PageFrame title={t('forgotten.title')} width={27} centred card>
      <form onSubmit={submit}>
        <Stack gap="md">
          <div>
            <Title ref={heading} tabIndex={-1} order={1} size="h2">
              {t('forgotten.title')}
            </Title>
            <Text c="var(--sr-muted)">{t('forgotten.lead')}</Text>
          </div>
          <TextInput
            name="username"
            data-testid="username"
            label={t('login.username')}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            size="md"
            maxLength={254}
            pattern=".*\S.*"
            required
            withAsterisk={false}
          />
          <FormEnd
            problem={asking.error && passwordProblem(t, asking.error, 'forgotten.failed')}
            isPending={asking.isPending}
            label={t('forgotten.submit')}
            testId="send-link"
          />
          <Anchor href="#/login" size="sm">
            {t('forgotten.back')}
          </Anchor>
        </Stack>
      </form>
    </PageFrame>
  )
}
