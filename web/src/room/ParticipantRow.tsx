import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { formatTime } from '../i18n/format'
import type { Participant } from '../signalling/messages'
import {
  IconHandStop,
  IconMicrophone,
  IconMicrophoneOff,
  IconScreenShare,
  IconVideo,
  IconVideoOff,
} from '../ui/icons'
import { Avatar } from './Avatar'
import { numberedName } from './names'
import { ParticipantMenu } from './ParticipantMenu'
import classes from './ParticipantsPanel.module.css'
import type { RoomSession } from './session'

interface ParticipantRowProps {
  session: RoomSession
  participant: Participant
  speaking: boolean
  /** Number of the participant among those with the same name. */
  number?: number
  isSelf?: boolean
  /** Whether the person at this page may moderate. */
  moderates?: boolean
  onMessage?: (participantId: string) => void
  onRemoved?: () => void
}

/** One line of the list: who, in which role, what is on, and the menu. */
export const ParticipantRow = memo(function ParticipantRow(props: ParticipantRowProps) {
  const { t } = useTranslation()
  const { session, participant, speaking, number, isSelf = false, moderates = false } = props
  const { onMessage, onRemoved } = props
  const {
    displayName,
    isGuest,
    isModerator,
    isSpectator,
    microphone,
    camera,
    screen,
    handRaisedAt,
    consent,
  } = participant
  const roles = [
    isSelf && t('common.you'),
    isModerator && t('common.moderator'),
    isGuest && t('common.guest'),
    moderates && consent === 'asked' && t('people.asked'),
    moderates && consent === 'declined' && t('people.unrecorded'),
  ]
  const facts = isSpectator
    ? []
    : [
        microphone ? t('room.microphoneOn') : t('room.microphoneOff'),
        camera ? t('room.cameraOn') : t('room.cameraOff'),
        handRaisedAt && t('people.handSince', { time: formatTime(handRaisedAt) }),
      ]
  return (
    <li
      className={classes.row}
      data-testid={isSpectator && !isSelf ? 'spectator' : 'participant'}
      data-name={displayName}
      data-self={isSelf || undefined}
    >
      <span className={speaking ? classes.speaking : classes.avatar}>
        <Avatar name={displayName} size={32} />
      </span>
      <span className={classes.who}>
        <span className={classes.name}>
          <bdi>{numberedName(displayName, number)}</bdi>
        </span>
        <span className={classes.role}>{roles.filter(Boolean).join(' · ')}</span>
        <span className="sr-only">{facts.filter(Boolean).join(', ')}</span>
      </span>
      {!isSpectator && (
        <span className={classes.icons} aria-hidden="true">
          {handRaisedAt && <IconHandStop size={18} className={classes.hand} />}
          {screen && <IconScreenShare size={18} />}
          {microphone ? (
            <IconMicrophone size={18} />
          ) : (
            <IconMicrophoneOff size={18} className={classes.off} />
          )}
          {camera ? <IconVideo size={18} /> : <IconVideoOff size={18} className={classes.off} />}
        </span>
      )}
      {isSelf && <span className={classes.noMenu} />}
      {!isSelf && (
        <ParticipantMenu
          session={session}
          participant={participant}
          moderates={moderates}
          onMessage={onMessage}
          onRemoved={onRemoved}
        />
      )}
    </li>
  )
})
