import { Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { PortalFrame } from '../PortalFrame'

export function PeoplePage({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  return (
    <PortalFrame me={me} title={t('portal.page.people')} current="people">
      <Title order={1} size="h2" mb="md">
        {t('portal.page.people')}
      </Title>
    </PortalFrame>
  )
}
