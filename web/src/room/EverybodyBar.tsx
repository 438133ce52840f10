import { ActionIcon, Button, Group, Menu, Modal, Text } from '@mantine/core'
import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconDots, IconPhoneOff, IconPlayerRecord, IconUserCheck } from '../ui/icons'
import { isSecondClick } from '../ui/secondClick'
import { useStorePart } from '../ui/store'
import classes from './ParticipantsPanel.module.css'
import { RemovedDialog } from './RemovedDialog'
import type { RoomSession } from './session'
import { GRANTS } from './state'

/** Bar of the actions of a moderator on everybody, each by one click. */
export const EverybodyBar = memo(function EverybodyBar({ session }: { session: RoomSession }) {
  const { t } = useTranslation()
  return (
    <Group className={classes.everybody} gap="xs" role="group" aria-label={t('everybody.title')}>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void session.moderateAll('mute')}
        data-testid="mute-all"
      >
        {t('everybody.mute')}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void session.moderateAll('lower-hand')}
        data-testid="lower-all"
      >
        {t('everybody.lowerHands')}
      </Button>
    </Group>
  )
})

/** All else that a moderator can do to everybody. */
export const EverybodyMenu = memo(function EverybodyMenu({ session }: { session: RoomSession }) {
  const { t } = useTranslation()
  const room = useStorePart(session.state, state => state.room)
  const canRecord = useStorePart(session.state, state => state.canRecord)
  const recorded = room?.toBeRecorded ?? false
  const [dialog, setDialog] = useState<'removed' | 'end' | null>(null)
  const close = () => setDialog(null)
  return (
    <>
      <Menu position="bottom-end" shadow="md" withinPortal withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={34}
            aria-label={t('everybody.menu')}
            data-testid="everybody-menu"
          >
            <IconDots size={20} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('everybody.permissions')}</Menu.Label>
          {GRANTS.map(grant => (
            <Menu.CheckboxItem
              key={grant}
              checked={!room?.forbidden.includes(grant)}
              onChange={allowed => void session.permitAll({ [grant]: allowed })}
              data-testid={`permit-all-${grant}`}
            >
              {t(`everybody.${grant}`)}
            </Menu.CheckboxItem>
          ))}
          <Menu.Divider />
          <Menu.CheckboxItem
            checked={room?.locked ?? false}
            onChange={locked => void session.lock(locked)}
            data-testid="lock-room"
          >
            {t('everybody.lock')}
          </Menu.CheckboxItem>
          {(canRecord || recorded) && (
            <Menu.Item
              leftSection={<IconPlayerRecord size={16} aria-hidden />}
              onClick={event => {
                // The second click of two would stop what the first has begun.
                if (isSecondClick(event)) return
                void (recorded ? session.stopRecording() : session.startRecording())
              }}
              data-testid={recorded ? 'stop-recording' : 'start-recording'}
            >
              {t(recorded ? 'everybody.stopRecording' : 'everybody.record')}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconUserCheck size={16} aria-hidden />}
            onClick={() => setDialog('removed')}
            data-testid="removed-people"
          >
            {t('removed.title')}
          </Menu.Item>
          <Menu.Item
            color="red"
            c="var(--mantine-color-red-text)"
            leftSection={<IconPhoneOff size={16} aria-hidden />}
            onClick={() => setDialog('end')}
            data-testid="end-for-all"
          >
            {t('everybody.end')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === 'removed' && <RemovedDialog session={session} onClose={close} />}
      <Modal
        opened={dialog === 'end'}
        onClose={close}
        title={t('everybody.endTitle')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
        centered
      >
        <Text mb="lg">{t('everybody.endText')}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button color="red" onClick={() => session.endForAll()} data-testid="confirm-end">
            {t('everybody.end')}
          </Button>
        </Group>
      </Modal>
    </>
  )
})
