import { Button } from '@mantine/core'
import { memo, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { log } from '../log'
import { routeTo } from '../media/testSound'
import { IconVolume } from '../ui/icons'
import { useStore, useStorePart } from '../ui/store'
import type { RoomSession } from './session'

/** Plays everybody's sound; when the browser holds it back, shows a button that lets it go. */
export const RemoteAudio = memo(function RemoteAudio({ session }: { session: RoomSession }) {
  const { t } = useTranslation()
  const tracks = useStore(session.media.remote)
  const speaker = useStorePart(session.local.state, state => state.chosen.speaker)
  const [blocked, setBlocked] = useState(false)
  const [turnedOn, setTurnedOn] = useState(0)
  const block = useCallback(() => setBlocked(true), [])
  const turnOn = useCallback(() => {
    setBlocked(false)
    setTurnedOn(count => count + 1)
  }, [])
  useEffect(() => {
    if (!blocked) return
    // Whatever the person touches, the browser lets the sound through from then on.
    document.addEventListener('pointerup', turnOn)
    document.addEventListener('keydown', turnOn)
    return () => {
      document.removeEventListener('pointerup', turnOn)
      document.removeEventListener('keydown', turnOn)
    }
  }, [blocked, turnOn])
  const audible = [...tracks].filter(([, track]) => track.kind === 'audio')
  return (
    <>
      {audible.map(([key, track]) => (
        <RemoteSound
          key={key}
          id={key}
          track={track}
          speaker={speaker}
          turnedOn={turnedOn}
          onBlocked={block}
        />
      ))}
      {blocked && (
        <div role="alert" className="sound-blocked">
          <span>{t('room.soundOff')}</span>
          <Button
            size="compact-md"
            data-testid="turn-sound-on"
            leftSection={<IconVolume size={18} aria-hidden />}
            onClick={turnOn}
          >
            {t('room.soundOn')}
          </Button>
        </div>
      )}
    </>
  )
})

interface RemoteSoundProps {
  id: string
  track: MediaStreamTrack
  speaker: string
  /** Grows when the person asks for the sound. */
  turnedOn: number
  onBlocked: () => void
}

const RemoteSound = memo(function RemoteSound({ id, track, speaker, turnedOn, onBlocked }: RemoteSoundProps) {
  const audio = useRef<HTMLAudioElement>(null)
  useEffect(() => {
    const element = audio.current
    if (!element) return
    element.srcObject = new MediaStream([track])
    return () => {
      element.srcObject = null
    }
  }, [track])
  useEffect(() => {
    if (audio.current) void routeTo(audio.current, speaker)
  }, [speaker])
  // biome-ignore lint/correctness/useExhaustiveDependencies: played again for a new track and when asked to
  useEffect(() => {
    audio.current?.play().catch((error: unknown) => {
      if (error instanceof Error && error.name === 'NotAllowedError') onBlocked()
      else log.info('audio', error)
    })
  }, [track, turnedOn, onBlocked])
  // biome-ignore lint/a11y/useMediaCaption: live speech has no captions to offer
  return <audio ref={audio} autoPlay data-participant={id} />
})
