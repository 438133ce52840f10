import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { signInByMagicToken } from '../api/account'
import { ApiError, UNAUTHENTICATED } from '../api/v1'
import { navigate } from '../route/hash'
import { magicLink } from '../route/linkKeys'
import { MessagePage } from '../ui/MessagePage'

/** `#/magic/…`: where another program leads that signs its person in here. It works once, so only whoever asks for it
 * is signed in, not what looks at the address beforehand, nor whom somebody else has sent to it unawares. */
export function MagicPage({ token }: { token: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const mutationKey = ['magic-sign-in']
  const signingIn = useMutation({
    mutationKey,
    mutationFn: () => signInByMagicToken(token),
    onSuccess: () => {
      queries.clear() // what whoever was signed in before has seen
      magicLink.forget()
      navigate('#/')
    },
  })
  const { error } = signingIn
  if (error instanceof ApiError && error.code === UNAUTHENTICATED) {
    return (
      <MessagePage
        isError
        title={t('magic.usedTitle')}
        text={t('magic.used')}
        actions={<Button onClick={() => navigate('#/')}>{t('common.back')}</Button>}
      />
    )
  }
  return (
    <MessagePage
      isError={error !== null}
      title={t('magic.title')}
      text={error ? t('magic.failed', { message: error.message }) : t('magic.lead')}
      actions={
        <Button
          data-testid="magic-sign-in"
          loading={signingIn.isPending || signingIn.isSuccess}
          onClick={() => {
            // The second click of two comes before the button is drawn as busy, and the token works once.
            if (!queries.isMutating({ mutationKey }) && !signingIn.isSuccess) signingIn.mutate()
          }}
        >
          {error ? t('common.retry') : t('login.submit')}
        </Button>
      }
    />
  )
}
