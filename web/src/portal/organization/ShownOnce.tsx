import { Alert, Button, Code, CopyButton, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { IconCheck, IconCopy } from '../../ui/icons'

/** A secret that nobody can see again. */
export function ShownOnce({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Alert color="lagoon" variant="light" role="status" title={t('organization.shownOnce')}>
      <Code block data-testid="secret">
        {secret}
      </Code>
      <Text size="sm" my="xs">
        {t('organization.keepIt')}
      </Text>
      <Group gap="xs">
        <CopyButton value={secret} timeout={2_000}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              onClick={copy}
              data-testid="copy-secret"
            >
              {t(copied ? 'portal.copied' : 'organization.copy')}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose} data-testid="close-secret">
          {t('organization.kept')}
        </Button>
      </Group>
    </Alert>
  )
}
