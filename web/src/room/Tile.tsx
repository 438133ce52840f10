import { memo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { trackKey } from '../media/subscribeConnection'
import { VideoView } from '../media/VideoView'
import type { Participant } from '../signalling/messages'
import {
  IconHandStop,
  IconMicrophone,
  IconMicrophoneOff,
  IconScreenShare,
  IconVideoOff,
  IconWifiOff,
} from '../ui/icons'
import { useStorePart } from '../ui/store'
import { Avatar } from './Avatar'
import type { RoomSession } from './session'
import classes from './Tile.module.css'
import { useTileWant } from './useTileWant'

interface TileProps {
  session: RoomSession
  participant: Participant
  speaking: boolean
}

/** Somebody else's place in the grid. */
export const Tile = memo(function Tile({ session, participant, speaking }: TileProps) {
  const frame = useRef<HTMLLIElement>(null)
  const track = useStorePart(session.media.remote, tracks => tracks.get(trackKey(participant.id, 'camera')))
  useTileWant(frame, session, participant.id, 'camera')
  return (
    <TileFrame
      ref={frame}
      testId="tile"
      participant={participant}
      name={<bdi>{participant.displayName}</bdi>}
      speaking={speaking}
      video={<VideoView track={track} className={participant.camera ? classes.video : classes.hiddenVideo} />}
    />
  )
})

interface SelfTileProps {
  session: RoomSession
  self: Participant
  speaking: boolean
}

/** One's own place, mirrored as in a mirror. */
export const SelfTile = memo(function SelfTile({ session, self, speaking }: SelfTileProps) {
  const { t } = useTranslation()
  const camera = useStorePart(session.local.state, state => state.camera)
  const microphoneOn = useStorePart(session.local.state, state => state.microphoneOn)
  const shown = { ...self, camera: camera !== null, microphone: microphoneOn }
  return (
    <TileFrame
      testId="self-tile"
      participant={shown}
      name={
        <>
          <bdi>{self.displayName}</bdi> ({t('common.you')})
        </>
      }
      speaking={speaking && microphoneOn}
      video={<VideoView track={camera} className={`${classes.video} ${classes.mirrored}`} />}
    />
  )
})

interface TileFrameProps {
  ref?: React.Ref<HTMLLIElement>
  testId: string
  participant: Participant
  name: React.ReactNode
  speaking: boolean
  video: React.ReactNode
}

function TileFrame({ ref, testId, participant, name, speaking, video }: TileFrameProps) {
  const { t } = useTranslation()
  const { microphone, camera, screen, handRaisedAt, state } = participant
  const facts = [
    microphone ? t('room.microphoneOn') : t('room.microphoneOff'),
    camera ? t('room.cameraOn') : t('room.cameraOff'),
    speaking && t('room.speaking'),
    handRaisedAt && t('room.handRaised'),
    state === 'reconnecting' && t('room.lostConnection'),
  ]
  return (
    <li
      ref={ref}
      className={`${classes.tile} ${speaking ? classes.speaking : ''} ${state === 'reconnecting' ? classes.away : ''}`}
      data-testid={testId}
      data-name={participant.displayName}
      data-audio={microphone ? 'on' : 'off'}
      data-video={camera ? 'on' : 'off'}
      data-speaking={speaking ? 'true' : 'false'}
    >
      <span className={classes.face}>
        <Avatar name={participant.displayName} size="clamp(2.2rem, 30cqmin, 6.5rem)" />
      </span>
      {video}
      <span className="sr-only">
        {name}: {facts.filter(Boolean).join(', ')}
      </span>
      <span className={classes.label} aria-hidden="true">
        {microphone ? (
          <IconMicrophone size={15} />
        ) : (
          <IconMicrophoneOff size={15} className={classes.muted} />
        )}
        <span className={classes.name}>{name}</span>
        {!camera && <IconVideoOff size={15} className={classes.faint} />}
        {screen && <IconScreenShare size={15} />}
      </span>
      <span className={classes.corner} aria-hidden="true">
        {handRaisedAt && (
          <span className={classes.hand}>
            <IconHandStop size={18} />
          </span>
        )}
        {state === 'reconnecting' && (
          <span className={classes.lost}>
            <IconWifiOff size={18} />
          </span>
        )}
      </span>
    </li>
  )
}
