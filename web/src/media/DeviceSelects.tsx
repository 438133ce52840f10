import { Button, Group, NativeSelect, Stack } from '@mantine/core'
import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { log } from '../log'
import { IconPlayerPlay } from '../ui/icons'
import { useStore } from '../ui/store'
import { LevelMeter } from './LevelMeter'
import type { LocalMedia } from './localMedia'
import { canChooseSpeaker, playTestSound } from './testSound'

type Kind = 'camera' | 'microphone' | 'speaker'

const KINDS: Record<Kind, MediaDeviceKind> = {
  camera: 'videoinput',
  microphone: 'audioinput',
  speaker: 'audiooutput',
}

interface DeviceSelectsProps {
  local: LocalMedia
  /** Whether only the loudspeaker matters. */
  listens?: boolean
}

/** Fields for the camera, microphone and loudspeaker to use, with a level meter and a test sound. */
export const DeviceSelects = memo(function DeviceSelects({ local, listens = false }: DeviceSelectsProps) {
  const { t } = useTranslation()
  const { microphone, microphoneOn } = useStore(local.state)
  return (
    <Stack gap="sm">
      {!listens && (
        <>
          <DeviceSelect local={local} kind="camera" />
          <div>
            <DeviceSelect local={local} kind="microphone" />
            <div style={{ marginTop: 8 }}>
              <LevelMeter track={microphoneOn ? microphone : null} label={t('devices.level')} />
            </div>
          </div>
        </>
      )}
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <div style={{ flex: 1, minWidth: 0 }}>
          <DeviceSelect local={local} kind="speaker" />
        </div>
        <TestSound local={local} />
      </Group>
    </Stack>
  )
})

function DeviceSelect({ local, kind }: { local: LocalMedia; kind: Kind }) {
  const { t } = useTranslation()
  const { devices, chosen, microphone, camera } = useStore(local.state)
  const found = devices.filter(device => device.kind === KINDS[kind])
  const options = found.map((device, index) => ({
    value: device.deviceId,
    label: device.label || t('devices.numbered', { kind: t(`devices.${kind}`), number: index + 1 }),
  }))
  // Browsers list the system's own choice for sound, but not for cameras.
  const hasDefault =
    options.some(({ value }) => value === 'default') || (kind === 'camera' && found.length > 0)
  const data = hasDefault ? options : [{ value: '', label: t('devices.systemDefault') }, ...options]
  const inUse = { camera, microphone, speaker: null }[kind]?.getSettings().deviceId
  const value = [chosen[kind], inUse, 'default'].find(id => data.some(option => option.value === id))
  return (
    <NativeSelect
      label={t(`devices.${kind}`)}
      data={data}
      value={value ?? ''}
      disabled={kind === 'speaker' && !canChooseSpeaker()}
      onChange={event => void local.chooseDevice(kind, event.currentTarget.value)}
      data-testid={`select-${kind}`}
    />
  )
}

function TestSound({ local }: { local: LocalMedia }) {
  const { t } = useTranslation()
  const [playing, setPlaying] = useState(false)
  const play = async () => {
    setPlaying(true)
    try {
      await playTestSound(local.state.get().chosen.speaker)
    } catch (error) {
      log.warning('test sound', error)
    } finally {
      setPlaying(false)
    }
  }
  return (
    <Button
      variant="default"
      leftSection={<IconPlayerPlay size={16} aria-hidden />}
      disabled={playing}
      onClick={() => void play()}
    >
      {playing ? t('devices.playing') : t('devices.test')}
    </Button>
  )
}
