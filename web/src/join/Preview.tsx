import { Text } from '@mantine/core'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { DeviceProblems } from '../media/DeviceProblems'
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
  const { camera, microphoneOn, asking } = useStore(local.state)
  const isAsking = asking.camera || asking.microphone
  return (
    <div className={classes.preview}>
      <div className={classes.stage}>
        {camera ? (
          <VideoView track={camera} label={t('join.preview')} />
        ) : (
          <div className={classes.placeholder}>
            <Avatar name={name || '?'} size="clamp(3.5rem, 18vw, 5.5rem)" />
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
      <div role="status">{isAsking && <Text c="var(--sr-muted)">{t('join.allow')}</Text>}</div>
      <DeviceProblems local={local} hint={t('join.withoutMedia')} />
    </div>
  )
})
