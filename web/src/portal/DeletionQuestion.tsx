import { Alert, Button, Group, type MantineSpacing, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

interface DeletionQuestionProps {
  text: string
  /** Reason why the deletion did not work, in words. */
  failure: string | null
  isPending: boolean
  onConfirm: () => void
  onCancel: () => void
  mt?: MantineSpacing
}

/** Asks before something is deleted. */
export function DeletionQuestion({
  text,
  failure,
  isPending,
  onConfirm,
  onCancel,
  mt,
}: DeletionQuestionProps) {
  const { t } = useTranslation()
  return (
    <Alert color="red" variant="light" w="100%" mt={mt} role="alertdialog" aria-label={t('common.delete')}>
      <Text mb="xs">{text}</Text>
      {failure && (
        <Text mb="xs" data-testid="error-message">
          {failure}
        </Text>
      )}
      <Group gap="xs">
        <Button size="xs" color="red" loading={isPending} onClick={onConfirm} data-testid="confirm-delete">
          {t('common.delete')}
        </Button>
        <Button size="xs" variant="default" onClick={onCancel}>
          {t('common.cancel')}
        </Button>
      </Group>
    </Alert>
  )
}
