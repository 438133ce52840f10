import { Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { PortalFrame } from '../PortalFrame'

export function OrganizationPage({ me }: { me: SignedIn; part?: string }) {
  const { t } = useTranslation()
  return (
    <PortalFrame me={me} title={t('portal.page.organization')} current="organization">
      <Title order={1} size="h2" mb="md">
        {t('portal.page.organization')}
      </Title>
    </PortalFrame>
  )
}
