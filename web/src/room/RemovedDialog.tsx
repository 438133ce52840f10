import { Alert, Button, Group, Loader, Modal, Text } from '@mantine/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDateTime } from '../i18n/format'
import { log } from '../log'
import type { RemovedPerson } from '../signalling/messages'
import classes from './ParticipantsPanel.module.css'
import type { RoomSession } from './session'

/** Dialog with the people who were put out, whom a moderator can let back. */
export function RemovedDialog({ session, onClose }: { session: RoomSession; onClose: () => void }) {
  const { t } = useTranslation()
  const [people, setPeople] = useState<readonly RemovedPerson[] | null>(null)
  const [failed, setFailed] = useState(false)
  const [busy, setBusy] = useState('')
  const list = useRef<HTMLDivElement>(null)
  const look = useCallback(async () => {
    try {
      setPeople(await session.removedPeople())
      setFailed(false)
    } catch (error) {
      log.warning('removed', error)
      setFailed(true)
    }
  }, [session])
  useEffect(() => void look(), [look])
  const readmit = async (userId: string) => {
    setBusy(userId)
    try {
      await session.readmit(userId)
    } catch (error) {
      // Another moderator may have been faster: the list says what is so now.
      log.info('readmit', error)
    }
    await look()
    setBusy('')
    // The button that was pressed is gone with its row.
    list.current?.focus()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('removed.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      centered
    >
      <Text size="sm" c="var(--sr-muted)" mb="sm">
        {t('removed.lead')}
      </Text>
      {failed && (
        <Alert color="red" role="alert" data-testid="error-message">
          {t('removed.failed')}
        </Alert>
      )}
      <div ref={list} tabIndex={-1} role="status" aria-live="polite">
        {people === null && !failed && <Loader size="sm" aria-label={t('common.loading')} />}
        {people?.length === 0 && <Text data-testid="nobody-removed">{t('removed.none')}</Text>}
      </div>
      <ul className={classes.list} aria-label={t('removed.title')}>
        {people?.map(({ userId, displayName, isGuest, until, byName }) => (
          <li key={userId} className={classes.removed} data-testid="removed-person" data-name={displayName}>
            <Group justify="space-between" wrap="nowrap">
              <span className={classes.who}>
                <span className={classes.name}>
                  <bdi>{displayName}</bdi>
                  {isGuest && ` · ${t('common.guest')}`}
                </span>
                <span className={classes.role}>
                  {t('removed.until', { date: formatDateTime(until), name: byName })}
                </span>
              </span>
              <Button
                size="compact-sm"
                variant="default"
                loading={busy === userId}
                aria-label={t('removed.readmitName', { name: displayName })}
                onClick={() => void readmit(userId)}
                data-testid="readmit"
              >
                {t('removed.readmit')}
              </Button>
            </Group>
          </li>
        ))}
      </ul>
    </Modal>
  )
}
