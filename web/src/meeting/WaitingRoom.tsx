import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import lobby from '../join/Lobby.module.css'
import { Preview } from '../join/Preview'
import type { Destination } from '../join/visit'
import { DeviceSelects } from '../media/DeviceSelects'
import type { LocalMedia } from '../media/localMedia'
import type { RoomState } from '../room/state'
import { ConnectionMark } from '../ui/ConnectionMark'
import { IconHourglass } from '../ui/icons'
import { PageFrame, useHeadingFocus } from '../ui/PageFrame'
import { Listening } from './Listening'
import classes from './Meeting.module.css'

interface WaitingRoomProps {
  destination: Destination
  local: LocalMedia
  name: string
  phase: RoomState['phase']
  moderatorPresent: boolean
  onLeave: () => void
}

/** The waiting room: somebody inside has to let people in. Camera and microphone can be seen to meanwhile. */
export function WaitingRoom(props: WaitingRoomProps) {
  const { t } = useTranslation()
  const heading = useHeadingFocus()
  const { destination, local, name, phase, moderatorPresent, onLeave } = props
  const isLost = phase === 'reconnecting'
  return (
    <PageFrame title={t('waiting.title')} width={64} centred>
      <div className={lobby.columns} data-testid="waiting-room">
        {destination.listens ? <Listening /> : <Preview local={local} name={name} />}
        <Stack gap="md" className={lobby.side}>
          <IconHourglass size={40} className={classes.pulse} aria-hidden />
          <div>
            <Title ref={heading} tabIndex={-1} order={1} size="h2">
              {t('waiting.title')}
            </Title>
            {destination.roomName && (
              <Text c="var(--sr-muted)">
                <bdi>{destination.roomName}</bdi>
              </Text>
            )}
          </div>
          <Text role="status">
            {isLost
              ? t('room.reconnecting')
              : moderatorPresent
                ? t('waiting.moderator')
                : t('waiting.noModerator')}
          </Text>
          <DeviceSelects local={local} listens={destination.listens} />
          <Group>
            <Button variant="default" onClick={onLeave} data-testid="stop-waiting">
              {t('waiting.leave')}
            </Button>
          </Group>
          <ConnectionMark phase={isLost ? 'reconnecting' : 'waiting'} text="" />
        </Stack>
      </div>
    </PageFrame>
  )
}
