import { Anchor, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

interface IdentityProps {
  /** The name of the account that is signed in, empty when nobody is. */
  name: string
  asAccount: boolean
  onChange: (asAccount: boolean) => void
}

/** As whom one comes, and the way to come as somebody else. */
export function Identity({ name, asAccount, onChange }: IdentityProps) {
  const { t } = useTranslation()
  if (!name) return null
  return (
    <Text size="sm" data-testid="signed-in-as" data-as={asAccount ? 'account' : 'guest'}>
      {t('meeting.signedIn', { name })}{' '}
      <Anchor
        component="button"
        type="button"
        size="sm"
        data-testid="change-identity"
        onClick={() => onChange(!asAccount)}
      >
        {asAccount ? t('meeting.asGuest') : t('meeting.asAccount')}
      </Anchor>
    </Text>
  )
}
