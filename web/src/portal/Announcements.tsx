import { CloseButton, Paper, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { IconAlertTriangle, IconCheck } from '../ui/icons'
import { useStore } from '../ui/store'
import classes from './Announcements.module.css'
import { announcements, dismiss } from './announce'

/** Announcements of what has just been done, or has failed, for all to see. */
export function Announcements() {
  const { t } = useTranslation()
  const shown = useStore(announcements)
  return (
    <div className={classes.place} role="status" aria-live="polite">
      {shown.map(({ number, text, isError }) => (
        <Paper
          key={number}
          className={classes.announcement}
          withBorder
          shadow="md"
          data-testid="announcement"
          data-kind={isError ? 'failure' : 'success'}
        >
          {isError ? (
            <IconAlertTriangle size={20} color="var(--sr-danger)" aria-hidden />
          ) : (
            <IconCheck size={20} color="var(--sr-accent)" aria-hidden />
          )}
          <Text className={classes.text}>{text}</Text>
          <CloseButton aria-label={t('common.close')} onClick={() => dismiss(number)} />
        </Paper>
      ))}
    </div>
  )
}
