import { Alert, Button, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

/** Says that something could not be loaded, and offers to try again. */
export function Failure({ text, onRetry }: { text: string; onRetry: () => void }) {
  const { t } = useTranslation()
  return (
    <Alert color="red" role="alert" mb="md" data-testid="error-message">
      <Group justify="space-between">
        <Text>{text}</Text>
        <Button size="xs" onClick={onRetry}>
          {t('common.retry')}
        </Button>
      </Group>
    </Alert>
  )
}
