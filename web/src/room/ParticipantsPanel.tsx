import { CloseButton, Text, Title } from '@mantine/core'
import { memo, useCallback, useDeferredValue, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { formatNumber } from '../i18n/format'
import type { Participant } from '../signalling/messages'
import { useStorePart } from '../ui/store'
import { ParticipantRow } from './ParticipantRow'
import classes from './ParticipantsPanel.module.css'
import type { RoomSession } from './session'
import { counts } from './state'
import { WaitingList } from './WaitingList'

interface ParticipantsPanelProps {
  session: RoomSession
  onMessage: (participantId: string) => void
  onClose: () => void
}

/** Raised hands first, in the order in which they were raised; then by name. */
export function inListOrder(participants: readonly Participant[], compare: Intl.Collator): Participant[] {
  return [...participants].sort((one, other) => {
    if (one.handRaisedAt && other.handRaisedAt) {
      return Date.parse(one.handRaisedAt) - Date.parse(other.handRaisedAt)
    }
    if (one.handRaisedAt || other.handRaisedAt) return one.handRaisedAt ? -1 : 1
    return compare.compare(one.displayName, other.displayName)
  })
}

/** Everybody in the room, and what a moderator can do about each. */
export const ParticipantsPanel = memo(function ParticipantsPanel(props: ParticipantsPanelProps) {
  const { session, onMessage, onClose } = props
  const { t, i18n } = useTranslation()
  const self = useStorePart(session.state, state => state.self)
  // The videos come first.
  const participants = useDeferredValue(useStorePart(session.state, state => state.participants))
  const spectators = useStorePart(session.state, state => state.spectators)
  const speaking = useStorePart(session.state, state => state.speaking)
  const permissions = useStorePart(session.state, state => state.permissions)
  const list = useRef<HTMLUListElement>(null)
  const toList = useCallback(() => list.current?.focus(), [])
  const sorted = useMemo(
    () =>
      inListOrder(
        participants.filter(({ isSpectator }) => !isSpectator),
        new Intl.Collator(i18n.language),
      ),
    [participants, i18n.language],
  )
  const { active } = counts({ participants: sorted, self, spectators })
  const watches = self?.isSpectator ?? false
  const listed = (spectators.list?.length ?? 0) + (watches ? 1 : 0)
  const watching = Math.max(spectators.count, listed)
  const own = self && (
    <ParticipantRow session={session} participant={self} isSelf speaking={speaking.has(self.id)} />
  )
  return (
    <section className={classes.panel} aria-labelledby="people-title">
      <header className={classes.header}>
        <Title order={2} size="h5" id="people-title">
          {t('people.title')} <span className={classes.count}>{formatNumber(active)}</span>
        </Title>
        <CloseButton aria-label={t('people.close')} onClick={onClose} />
      </header>
      <WaitingList session={session} />
      <div className={classes.scroll}>
        <ul ref={list} className={classes.list} aria-label={t('people.list')} tabIndex={-1}>
          {!watches && own}
          {sorted.map(participant => (
            <ParticipantRow
              key={participant.id}
              session={session}
              participant={participant}
              speaking={speaking.has(participant.id)}
              moderates={permissions.promote}
              onMessage={permissions.chat ? onMessage : undefined}
              onRemoved={toList}
            />
          ))}
        </ul>
        {watching > 0 && (
          <>
            <Text
              size="sm"
              fw={listed ? 600 : 400}
              className={classes.spectators}
              data-testid="spectator-count"
            >
              {t('people.spectators', { count: watching })}
            </Text>
            {listed > 0 && (
              <ul className={classes.list} aria-label={t('people.spectatorList')}>
                {watches && own}
                {spectators.list?.map(({ id, displayName }) => (
                  <SpectatorRow
                    key={id}
                    session={session}
                    id={id}
                    displayName={displayName}
                    known={participants.find(participant => participant.id === id)}
                    onMessage={permissions.chat ? onMessage : undefined}
                    onRemoved={toList}
                  />
                ))}
              </ul>
            )}
            {watches && watching > listed && (
              <Text size="sm" c="var(--sr-muted)">
                {t('portal.andMore', { count: watching - listed })}
              </Text>
            )}
          </>
        )}
      </div>
    </section>
  )
})

interface SpectatorRowProps {
  session: RoomSession
  id: string
  displayName: string
  known: Participant | undefined
  onMessage?: (participantId: string) => void
  onRemoved?: () => void
}

function SpectatorRow({ session, id, displayName, known, onMessage, onRemoved }: SpectatorRowProps) {
  const spectator: Participant = known ?? {
    id,
    userId: '',
    displayName,
    isGuest: false,
    isModerator: false,
    isSpectator: true,
    microphone: false,
    camera: false,
    screen: false,
    state: 'connected',
  }
  return (
    <ParticipantRow
      session={session}
      participant={spectator}
      speaking={false}
      moderates
      onMessage={onMessage}
      onRemoved={onRemoved}
    />
  )
}
