import { memo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { trackKey } from '../media/subscribeConnection'
import { VideoView } from '../media/VideoView'
import type { Participant } from '../signalling/messages'
import {
  IconEyeOff,
  IconHandStop,
  IconMicrophone,
  IconMicrophoneOff,
  IconPin,
  IconPinnedOff,
  IconScreenShare,
  IconVideoOff,
  IconWifiOff,
} from '../ui/icons'
import { useStorePart } from '../ui/store'
import { Avatar } from './Avatar'
import { numberedName } from './names'
import type { RoomSession } from './session'
import classes from './Tile.module.css'
import { useTileWant } from './useTileWant'

interface TileProps {
  session: RoomSession
  participant: Participant
  speaking: boolean
  /** Number of the participant among those with the same name. */
  number?: number
  /** The place among the others; less is further in front. */
  order?: number
}

/** Tile of another participant: their camera, their name, and the button to pin them. */
export const Tile = memo(function Tile({ session, participant, speaking, number, order }: TileProps) {
  const { t } = useTranslation()
  const pinned = useStorePart(session.pinned, pinnedId => pinnedId === participant.id)
  const frame = useRef<HTMLLIElement>(null)
  const track = useStorePart(session.media.remote, tracks => tracks.get(trackKey(participant.id, 'camera')))
  useTileWant(frame, session, participant.id, 'camera')
  return (
    <TileFrame
      ref={frame}
      testId="tile"
      participant={participant}
      name={<bdi>{numberedName(participant.displayName, number)}</bdi>}
      speaking={speaking}
      order={order}
      action={
        <button
          type="button"
          className={pinned ? `${classes.action} ${classes.kept}` : classes.action}
          aria-pressed={pinned}
          aria-label={t('room.pin', { name: numberedName(participant.displayName, number) })}
          title={pinned ? t('room.unpin') : t('people.pin')}
          onClick={() => session.togglePin(participant.id)}
          data-testid="pin"
        >
          {pinned ? <IconPinnedOff size={18} aria-hidden /> : <IconPin size={18} aria-hidden />}
        </button>
      }
      video={<VideoView track={track} className={participant.camera ? classes.video : classes.hiddenVideo} />}
    />
  )
})

interface SelfTileProps {
  session: RoomSession
  self: Participant
  speaking: boolean
  number?: number
  /** Set where one can do without seeing oneself. */
  onHide?: () => void
}

/** One's own place, mirrored as in a mirror. */
export const SelfTile = memo(function SelfTile({ session, self, speaking, number, onHide }: SelfTileProps) {
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
          <bdi>{numberedName(self.displayName, number)}</bdi> ({t('common.you')})
        </>
      }
      action={
        onHide && (
          <button
            type="button"
            className={classes.action}
            aria-label={t('room.hideSelf')}
            title={t('room.hideSelf')}
            onClick={onHide}
            data-testid="hide-self"
          >
            <IconEyeOff size={18} aria-hidden />
          </button>
        )
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
  order?: number
  /** A button in the corner, seen by whoever points at the tile or comes by keyboard. */
  action?: React.ReactNode
}

function TileFrame({ ref, testId, participant, name, speaking, video, order, action }: TileFrameProps) {
  const { t } = useTranslation()
  const { microphone, camera, screen, handRaisedAt, state, isGuest } = participant
  const facts = [
    isGuest && t('common.guest'),
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
      style={order === undefined ? undefined : { order }}
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
        {isGuest && <span className={classes.guest}>{t('common.guest')}</span>}
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
      {action}
    </li>
  )
}
