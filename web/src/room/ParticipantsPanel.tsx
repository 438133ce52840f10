import { ActionIcon, Button, CloseButton, Text, TextInput, Title } from '@mantine/core'
import { memo, useCallback, useDeferredValue, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatNumber } from '../i18n/format'
import { Announcements } from '../portal/Announcements'
import type { Participant } from '../signalling/messages'
import { IconSearch, IconUserPlus } from '../ui/icons'
import { useStorePart } from '../ui/store'
import { EverybodyBar, EverybodyMenu } from './EverybodyBar'
import { type Invitation, InviteDialog } from './InviteDialog'
import { ParticipantRow } from './ParticipantRow'
import classes from './ParticipantsPanel.module.css'
import type { RoomSession } from './session'
import { counts } from './state'
import { WaitingList } from './WaitingList'

interface ParticipantsPanelProps {
  session: RoomSession
  onMessage: (participantId: string) => void
  onClose: () => void
  invitation?: Invitation
}

/** With as many people as this, one finds somebody by writing. */
const SEARCHED_FROM = 8
/** Rows drawn at first, and with each wish for more. */
const AT_ONCE = 100

/** Participants whose names have every word of `text`. */
export function found(participants: readonly Participant[], text: string): readonly Participant[] {
  const words = plain(text).split(/\s+/).filter(Boolean)
  if (!words.length) return participants
  return participants.filter(({ displayName }) => {
    const name = plain(displayName)
    return words.every(word => name.includes(word))
  })
}

/** Without accents and capitals, which nobody wants to write to find somebody. */
function plain(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase()
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

/** Panel with everybody in the room, and what a moderator can do about each. */
export const ParticipantsPanel = memo(function ParticipantsPanel(props: ParticipantsPanelProps) {
  const { session, onMessage, onClose, invitation } = props
  const { t, i18n } = useTranslation()
  const self = useStorePart(session.state, state => state.self)
  // The videos come first.
  const participants = useDeferredValue(useStorePart(session.state, state => state.participants))
  const spectators = useStorePart(session.state, state => state.spectators)
  const speaking = useStorePart(session.state, state => state.speaking)
  const permissions = useStorePart(session.state, state => state.permissions)
  const numbers = useStorePart(session.state, state => state.numbers)
  const roomName = useStorePart(session.state, ({ room }) => room?.displayName ?? '')
  const [search, setSearch] = useState('')
  const [most, setMost] = useState(AT_ONCE)
  const [inviting, setInviting] = useState(false)
  const mayInvite = invitation !== undefined && (!invitation.byModerators || permissions.promote)
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
  const isLong = sorted.length >= SEARCHED_FROM
  const matching = isLong ? found(sorted, search) : sorted
  const isSearched = isLong && search.trim() !== ''
  const watches = self?.isSpectator ?? false
  const listed = (spectators.list?.length ?? 0) + (watches ? 1 : 0)
  const watching = Math.max(spectators.count, listed)
  const own = self && (
    <ParticipantRow
      session={session}
      participant={self}
      isSelf
      number={numbers.get(self.id)}
      speaking={speaking.has(self.id)}
    />
  )
  return (
    <section className={classes.panel} aria-labelledby="people-title">
      <header className={classes.header}>
        <Title order={2} size="h5" id="people-title">
          {t('people.title')} <span className={classes.count}>{formatNumber(active)}</span>
        </Title>
        <span className={classes.tools}>
          {mayInvite && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size={34}
              aria-label={t('invite.title')}
              title={t('invite.title')}
              onClick={() => setInviting(true)}
              data-testid="invite"
            >
              <IconUserPlus size={20} aria-hidden />
            </ActionIcon>
          )}
          {permissions.promote && <EverybodyMenu session={session} />}
          <CloseButton aria-label={t('people.close')} onClick={onClose} />
        </span>
      </header>
      {inviting && mayInvite && (
        <>
          <InviteDialog invitation={invitation} roomName={roomName} onClose={() => setInviting(false)} />
          <Announcements />
        </>
      )}
      {permissions.promote && <EverybodyBar session={session} />}
      <WaitingList session={session} />
      {isLong && (
        <TextInput
          className={classes.search}
          size="xs"
          type="search"
          aria-label={t('people.search')}
          placeholder={t('people.search')}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={event => {
            setSearch(event.currentTarget.value)
            setMost(AT_ONCE)
          }}
          data-testid="search-people"
        />
      )}
      <div role="status" className="sr-only">
        {isSearched && t('people.found', { count: matching.length })}
      </div>
      <div className={classes.scroll}>
        <ul ref={list} className={classes.list} aria-label={t('people.list')} tabIndex={-1}>
          {!watches && !isSearched && own}
          {matching.slice(0, most).map(participant => (
            <ParticipantRow
              key={participant.id}
              session={session}
              participant={participant}
              number={numbers.get(participant.id)}
              speaking={speaking.has(participant.id)}
              moderates={permissions.promote}
              onMessage={permissions.chat ? onMessage : undefined}
              onRemoved={toList}
            />
          ))}
        </ul>
        {isSearched && matching.length === 0 && (
          <Text size="sm" c="var(--sr-muted)" data-testid="nobody-found">
            {t('people.nobody')}
          </Text>
        )}
        {matching.length > most && (
          <Button
            fullWidth
            variant="subtle"
            className={classes.more}
            onClick={() => setMost(most + AT_ONCE)}
            data-testid="more-people"
          >
            {t('people.more', { count: matching.length - most })}
          </Button>
        )}
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
