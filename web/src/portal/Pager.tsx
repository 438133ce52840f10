import { Button, Group } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { IconChevronLeft, IconChevronRight } from '../ui/icons'

interface PagerProps {
  hasBefore: boolean
  hasAfter: boolean
  onBefore: () => void
  onAfter: () => void
}

/** The buttons to the pages before and after; nothing where there is one page. */
export function Pager({ hasBefore, hasAfter, onBefore, onAfter }: PagerProps) {
  const { t } = useTranslation()
  if (!hasBefore && !hasAfter) return null
  return (
    <Group gap="xs" my="md" role="group" aria-label={t('pager.label')}>
      <Button
        variant="default"
        leftSection={<IconChevronLeft size={16} aria-hidden />}
        disabled={!hasBefore}
        onClick={onBefore}
        data-testid="page-before"
      >
        {t('pager.before')}
      </Button>
      <Button
        variant="default"
        rightSection={<IconChevronRight size={16} aria-hidden />}
        disabled={!hasAfter}
        onClick={onAfter}
        data-testid="page-after"
      >
        {t('pager.after')}
      </Button>
    </Group>
  )
}
