import { Alert, Stack, Text } from '@mantine/core'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { LocalMedia } from '../media/localMedia'
import { VideoView } from '../media/VideoView'
import { Avatar } from '../room/Avatar'
import { ControlButton } from '../room/ControlButton'
import { IconMicrophone, IconMicrophoneOff, IconVideo, IconVideoOff } from '../ui/icons'
import { useStore } from '../ui/store'
import classes from './Lobby.module.css'

/** One's own picture before the others see it, with the switches, and what is wrong with the devices. */
export const Preview = memo(function Preview({ local, name }: { local: LocalMedia; name: string }) {
  const { t } = useTranslation()
  const { camera, microphoneOn, asking, problems } = useStore(local.state)
  const problemTexts = [
    ...new Set([
      problems.camera && t(`devices.problem.camera.${problems.camera}`),
      problems.microphone && t(`devices.problem.microphone.${problems.microphone}`),
    ]),
  ].filter(text => text !== null)
  const isAsking = asking.camera || asking.microphone
  return (
    <div className={classes.preview}>
      <div className={classes.stage}>
        {camera ? (
          <VideoView track={camera} label={t('join.preview')} />
        ) : (
          <div className={classes.placeholder}>
            <Avatar name={name || '?'} size={88} />
            <Text>{asking.camera ? t('join.cameraStarting') : t('join.cameraOff')}</Text>
          </div>
        )}
        <div className={classes.buttons}>
          <ControlButton
            testId="toggle-microphone"
            label={microphoneOn ? t('controls.mute') : t('controls.unmute')}
            name={t('shortcuts.microphone')}
            pressed={microphoneOn}
            off={!microphoneOn}
            busy={asking.microphone}
            icon={microphoneOn ? <IconMicrophone /> : <IconMicrophoneOff />}
            onClick={() => void local.setMicrophone(!microphoneOn)}
          />
          <ControlButton
            testId="toggle-camera"
            label={camera ? t('controls.cameraOff') : t('controls.cameraOn')}
            name={t('shortcuts.camera')}
            pressed={camera !== null}
            off={!camera}
            busy={asking.camera}
            icon={camera ? <IconVideo /> : <IconVideoOff />}
            onClick={() => void local.setCamera(!camera)}
          />
        </div>
      </div>
      <Stack gap="xs" role="status" aria-live="polite">
        {isAsking && <Text c="var(--sr-muted)">{t('join.allow')}</Text>}
        {problemTexts.length > 0 && (
          <Alert color="yellow" variant="light" data-testid="device-problem">
            {problemTexts.map(text => (
              <Text key={text} size="sm" mb={4}>
                {text}
              </Text>
            ))}
            <Text size="sm" fw={600}>
              {t('join.withoutMedia')}
            </Text>
          </Alert>
        )}
      </Stack>
    </div>
  )
})
