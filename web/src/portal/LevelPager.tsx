import { Button, Group } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { IconChevronLeft, IconChevronRight } from '../ui/icons'

/** Pages of a level of the tree before and after the one shown: whether there are any, and the ways there. */
export interface LevelPages {
  hasBefore: (level: string) => boolean
  hasAfter: (level: string) => boolean
  onBefore: (level: string) => void
  onAfter: (level: string) => void
}

interface LevelPagerProps {
  level: string
  pages: LevelPages
  /** Told when another page is gone to. */
  onTurn: () => void
}

/** The buttons to the pages before and after; nothing where there is one page. */
export function LevelPager({ level, pages, onTurn }: LevelPagerProps) {
  const { t } = useTranslation()
  const [hasBefore, hasAfter] = [pages.hasBefore(level), pages.hasAfter(level)]
  if (!hasBefore && !hasAfter) return null
  const turn = (go: (level: string) => void) => () => {
    go(level)
    onTurn()
  }
  return (
    <Group gap="xs" my="xs">
      <Button
        size="xs"
        variant="default"
        leftSection={<IconChevronLeft size={16} aria-hidden />}
        disabled={!hasBefore}
        onClick={turn(pages.onBefore)}
        data-testid="rooms-before"
      >
        {t('portal.before')}
      </Button>
      <Button
        size="xs"
        variant="default"
        rightSection={<IconChevronRight size={16} aria-hidden />}
        disabled={!hasAfter}
        onClick={turn(pages.onAfter)}
        data-testid="rooms-after"
      >
        {t('portal.after')}
      </Button>
    </Group>
  )
}
