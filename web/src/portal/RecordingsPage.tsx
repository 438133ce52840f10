import { Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../api/account'
import { PortalFrame } from './PortalFrame'

/** The recordings that whoever is signed in may see. */
export function RecordingsPage({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  return (
    <PortalFrame me={me} title={t('portal.page.recordings')} current="recordings">
      <Title order={1} size="h2" mb="md">
        {t('portal.page.recordings')}
      </Title>
      <Text c="var(--sr-muted)">{t('portal.noRecordings')}</Text>
    </PortalFrame>
  )
}
