import { ActionIcon, Button, Group, Menu, Modal, Text } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ModeratorAction, Participant } from '../signalling/messages'
import {
  IconDotsVertical,
  IconHandOff,
  IconMessage,
  IconMicrophoneOff,
  IconPin,
  IconPinnedOff,
  IconScreenShareOff,
  IconUserStar,
  IconUserX,
  IconVideoOff,
} from '../ui/icons'
import { useStorePart } from '../ui/store'
import type { RoomSession } from './session'
import { GRANTS } from './state'

interface ParticipantMenuProps {
  session: RoomSession
  participant: Participant
  moderates: boolean
  onMessage?: (participantId: string) => void
  /** Called when the person is gone whom one has just removed, and with them what had the focus. */
  onRemoved?: () => void
}

/** Menu of actions on a participant: write to them, pin them, and as a moderator also the rest. */
export function ParticipantMenu(props: ParticipantMenuProps) {
  const { session, participant, moderates, onMessage, onRemoved } = props
  const { t } = useTranslation()
  const [removing, setRemoving] = useState(false)
  const gone = useRef<(() => void) | undefined>(undefined)
  useEffect(() => () => gone.current?.(), [])
  const pinned = useStorePart(session.pinned, pinnedId => pinnedId === participant.id)
  const { id, displayName, microphone, camera, screen, handRaisedAt, permissions } = participant
  const act = (action: ModeratorAction) => () => void session.moderate(id, action)
  return (
    <>
      <Menu position="bottom-end" shadow="md" withinPortal withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            aria-label={t('people.menu', { name: displayName })}
            data-testid="participant-menu"
          >
            <IconDotsVertical size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {onMessage && (
            <Menu.Item
              leftSection={<IconMessage size={16} aria-hidden />}
              onClick={() => onMessage(id)}
              data-testid="private-message"
            >
              {t('people.message')}
            </Menu.Item>
          )}
          {!participant.isSpectator && (
            <Menu.Item
              leftSection={
                pinned ? <IconPinnedOff size={16} aria-hidden /> : <IconPin size={16} aria-hidden />
              }
              onClick={() => session.togglePin(id)}
              data-testid="pin-person"
            >
              {pinned ? t('room.unpin') : t('people.pin')}
            </Menu.Item>
          )}
          {moderates && (
            <>
              {microphone && (
                <Menu.Item
                  leftSection={<IconMicrophoneOff size={16} aria-hidden />}
                  onClick={act('mute')}
                  data-testid="moderate-mute"
                >
                  {t('people.mute')}
                </Menu.Item>
              )}
              {camera && (
                <Menu.Item
                  leftSection={<IconVideoOff size={16} aria-hidden />}
                  onClick={act('stop-video')}
                  data-testid="moderate-stop-video"
                >
                  {t('people.stopVideo')}
                </Menu.Item>
              )}
              {screen && (
                <Menu.Item
                  leftSection={<IconScreenShareOff size={16} aria-hidden />}
                  onClick={act('stop-screen')}
                  data-testid="moderate-stop-screen"
                >
                  {t('people.stopScreen')}
                </Menu.Item>
              )}
              {handRaisedAt && (
                <Menu.Item
                  leftSection={<IconHandOff size={16} aria-hidden />}
                  onClick={act('lower-hand')}
                  data-testid="moderate-lower-hand"
                >
                  {t('people.lowerHand')}
                </Menu.Item>
              )}
              <Menu.Divider />
              <Menu.Label>{t('people.permissions')}</Menu.Label>
              {GRANTS.map(grant => {
                const granted = permissions?.[grant] ?? false
                return (
                  <Menu.CheckboxItem
                    key={grant}
                    checked={granted}
                    onChange={checked => void session.permit(id, { [grant]: checked })}
                    data-testid={`permit-${grant}`}
                  >
                    {t(`people.${grant}`)}
                  </Menu.CheckboxItem>
                )
              })}
              <Menu.Divider />
              <Menu.Item
                leftSection={<IconUserStar size={16} aria-hidden />}
                onClick={() => void session.promote(id, !participant.isModerator)}
                data-testid="promote"
              >
                {participant.isModerator ? t('people.demote') : t('people.promote')}
              </Menu.Item>
              <Menu.Item
                color="red"
                c="var(--mantine-color-red-text)"
                leftSection={<IconUserX size={16} aria-hidden />}
                onClick={() => setRemoving(true)}
                data-testid="moderate-remove"
              >
                {t('people.remove')}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={removing}
        onClose={() => setRemoving(false)}
        title={t('people.removeTitle', { name: displayName })}
        closeButtonProps={{ 'aria-label': t('common.close') }}
        centered
      >
        <Text mb="lg">{t('people.removeText', { name: displayName })}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setRemoving(false)} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button
            color="red"
            data-testid="confirm-remove"
            onClick={() => {
              setRemoving(false)
              gone.current = onRemoved
              void session.moderate(id, 'remove')
            }}
          >
            {t('people.removeConfirm')}
          </Button>
        </Group>
      </Modal>
    </>
  )
}
