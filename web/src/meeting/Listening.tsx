import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { IconHeadphones } from '../ui/icons'
import classes from './Meeting.module.css'

/** In the place of one's own picture, for those who come to listen. */
export function Listening() {
  const { t } = useTranslation()
  return (
    <div className={classes.listening} data-testid="listening">
      <IconHeadphones size={56} aria-hidden />
      <Text size="lg" fw={600}>
        {t('meeting.listens')}
      </Text>
      <Text>{t('meeting.listensText')}</Text>
    </div>
  )
}
