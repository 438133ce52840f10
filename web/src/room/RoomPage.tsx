import { Title } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import {
  memo,
  type ReactNode,
  startTransition,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import { DeviceProblems } from '../media/DeviceProblems'
import { loadSettings, saveSettings } from '../media/settings'
import { usePageTitle } from '../ui/PageFrame'
import { useStorePart } from '../ui/store'
import { CHAT_INPUT, ChatPanel } from './ChatPanel'
import { ControlsBar } from './ControlsBar'
import type { Invitation } from './InviteDialog'
import { Notices } from './Notices'
import { NoticeBoard } from './noticeBoard'
import { ParticipantsPanel } from './ParticipantsPanel'
import { RecordingConsent } from './RecordingConsent'
import { RemoteAudio } from './RemoteAudio'
import { RoomHeader } from './RoomHeader'
import classes from './RoomPage.module.css'
import { SettingsDialog } from './SettingsDialog'
import { ShortcutsDialog } from './ShortcutsDialog'
import { Stage } from './Stage'
import type { RoomSession } from './session'
import { missing } from './state'
import { Tile } from './Tile'
import { TileGrid } from './TileGrid'
import gridClasses from './TileGrid.module.css'
import { type Shortcuts, useShortcuts } from './useShortcuts'
import { WaitingList } from './WaitingList'

const WIDE = '(min-width: 1100px)'
const NARROW = '(max-width: 639px)'

/** Time that the contents of the panels wait for the videos when a person comes in, in milliseconds. */
const PANELS_AFTER = 300

interface Panels {
  chat: boolean
  people: boolean
}

interface RoomPageProps {
  session: RoomSession
  canLeave: boolean
  /** Means by which the person at this page can invite others. */
  invitation?: Invitation
}

/** The room: videos, controls, and the panels beside them or, on small screens, over them. */
export function RoomPage({ session, canLeave, invitation }: RoomPageProps) {
  const name = useStorePart(session.state, ({ room }) => room?.displayName ?? '')
  const wide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false }) ?? true
  const narrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false }) ?? false
  const { t } = useTranslation()
  const [panels, setPanels] = useState<Panels>({ chat: wide, people: wide })
  const [recipient, setRecipient] = useState('everyone')
  const [dialog, setDialog] = useState<'settings' | 'shortcuts' | null>(null)
  const [singleKeys, setSingleKeys] = useState(() => loadSettings().singleKeys)
  const [board] = useState(() => new NoticeBoard())
  const writes = useRef(false)
  const drawn = useDrawn()
  const unread = useStorePart(session.state, state => state.unread)
  usePageTitle(name, unread)

  // A smaller screen has no place for panels beside the videos: they are closed until they are asked for.
  useEffect(
    () =>
      setPanels(current =>
        current.chat === wide && current.people === wide ? current : { chat: wide, people: wide },
      ),
    [wide],
  )

  useEffect(() => {
    if (!writes.current || !panels.chat || !drawn) return
    writes.current = false
    document.getElementById(CHAT_INPUT)?.focus()
  })

  const show = useCallback(
    (panel: keyof Panels, open: boolean) =>
      setPanels(current =>
        wide ? { ...current, [panel]: open } : { chat: false, people: false, [panel]: open },
      ),
    [wide],
  )
  const writeTo = useCallback(
    (participantId: string) => {
      setRecipient(participantId)
      writes.current = true
      show('chat', true)
    },
    [show],
  )
  const closePeople = useCallback(() => show('people', false), [show])
  const closeChat = useCallback(() => show('chat', false), [show])
  const shortcuts = useMemo<Shortcuts>(
    () => ({
      m: () => void session.toggleMicrophone(),
      v: () => void session.toggleCamera(),
      s: () => void session.toggleScreen(),
      h: () => void session.toggleHand(),
      c: () => {
        writes.current = !panels.chat
        setPanels(current => ({ people: wide && current.people, chat: !current.chat }))
      },
      p: () => setPanels(current => ({ chat: wide && current.chat, people: !current.people })),
      '?': () => setDialog('shortcuts'),
      escape: () => {
        const active = document.activeElement
        if (active instanceof HTMLElement && active.id === CHAT_INPUT) active.blur()
        if (!wide) setPanels({ chat: false, people: false })
      },
    }),
    [session, wide, panels.chat],
  )
  useShortcuts(shortcuts, dialog === null, singleKeys)

  const closeDialog = () => setDialog(null)
  const anyPanel = panels.chat || panels.people
  return (
    <div className={classes.room}>
      <RoomHeader session={session} board={board} />
      <main className={classes.main} inert={anyPanel && !wide}>
        <Banner session={session} />
        <RecordingConsent session={session} canLeave={canLeave} />
        <DeviceProblems local={session.local} />
        {!panels.people && <WaitingList session={session} />}
        <Videos session={session} />
      </main>
      {anyPanel && (
        <aside className={classes.panels}>
          {panels.people && (
            <div className={classes.people}>
              {!drawn && <PanelTitle>{t('people.title')}</PanelTitle>}
              {drawn && (
                <ParticipantsPanel
                  session={session}
                  onMessage={writeTo}
                  onClose={closePeople}
                  invitation={invitation}
                />
              )}
            </div>
          )}
          {panels.chat && (
            <div className={classes.chat}>
              {!drawn && <PanelTitle>{t('chat.title')}</PanelTitle>}
              {drawn && (
                <ChatPanel
                  session={session}
                  recipient={recipient}
                  onRecipient={setRecipient}
                  onClose={closeChat}
                />
              )}
            </div>
          )}
        </aside>
      )}
      <footer className={classes.footer}>
        <ControlsBar
          session={session}
          narrow={narrow}
          singleKeys={singleKeys}
          canLeave={canLeave}
          chatOpen={panels.chat}
          peopleOpen={panels.people}
          onChat={() => {
            writes.current = !panels.chat
            show('chat', !panels.chat)
          }}
          onPeople={() => show('people', !panels.people)}
          onSettings={() => setDialog('settings')}
          onShortcuts={() => setDialog('shortcuts')}
        />
      </footer>
      <RemoteAudio session={session} />
      <Notices session={session} board={board} />
      {dialog === 'settings' && <SettingsDialog local={session.local} onClose={closeDialog} />}
      {dialog === 'shortcuts' && (
        <ShortcutsDialog
          singleKeys={singleKeys}
          onSingleKeys={on => {
            setSingleKeys(on)
            saveSettings({ singleKeys: on })
          }}
          onClose={closeDialog}
        />
      )}
    </div>
  )
}

/** Title of a panel, shown before its contents are drawn. */
function PanelTitle({ children }: { children: ReactNode }) {
  return (
    <Title order={2} size="h5" className={classes.panelTitle}>
      {children}
    </Title>
  )
}

/** False for the first moment, which belongs to the videos: people wait for faces, not for lists. */
function useDrawn(): boolean {
  const [drawn, setDrawn] = useState(false)
  useEffect(() => {
    const timer = window.setTimeout(() => startTransition(() => setDrawn(true)), PANELS_AFTER)
    return () => window.clearTimeout(timer)
  }, [])
  return drawn
}

const Videos = memo(function Videos({ session }: { session: RoomSession }) {
  const [chosen, setChosen] = useState('')
  const participants = useStorePart(session.state, state => state.participants)
  const sharers = participants.filter(({ screen }) => screen)
  const sharer = sharers.find(({ id }) => id === chosen) ?? sharers.at(-1)
  const { t } = useTranslation()
  const pinnedId = useStorePart(session.pinned, id => id)
  const numbers = useStorePart(session.state, state => state.numbers)
  const speaking = useStorePart(session.state, state => state.speaking)
  const pinned = sharer
    ? undefined
    : participants.find(({ id, isSpectator }) => id === pinnedId && !isSpectator)
  return (
    <>
      {pinned && (
        <ul className={gridClasses.large} aria-label={t('room.pinned')} data-testid="pinned">
          <Tile
            session={session}
            participant={pinned}
            speaking={speaking.has(pinned.id)}
            number={numbers.get(pinned.id)}
          />
        </ul>
      )}
      {sharer && (
        <Stage
          key={sharer.id}
          session={session}
          sharer={sharer}
          others={sharers.filter(({ id }) => id !== sharer.id)}
          onChoose={setChosen}
        />
      )}
      <TileGrid
        session={session}
        strip={sharer !== undefined || pinned !== undefined}
        sharerId={sharer?.id ?? ''}
        largeId={pinned?.id ?? null}
      />
    </>
  )
})

/** One line above the videos for what one has to know all the time. */
const Banner = memo(function Banner({ session }: { session: RoomSession }) {
  const { t } = useTranslation()
  const mediaAway = useStorePart(session.state, ({ mediaAvailable }) => !mediaAvailable)
  const spectates = useStorePart(session.state, ({ self }) => self?.isSpectator ?? false)
  const sitsExam = useStorePart(
    session.state,
    ({ room, self }) => room?.mode === 'exam' && !self?.isModerator,
  )
  const without = useStorePart(session.state, missing)
  const watching = useStorePart(session.state, ({ spectators }) => spectators.count)
  const screen = useStorePart(session.local.state, local => local.screen)
  const lines = [
    mediaAway && t('room.mediaAway'),
    spectates && t('room.spectating'),
    sitsExam && t('room.exam'),
    without === 'everybody' && t('room.alone'),
    without === 'presenters' && t('room.noPresenter'),
    without === 'listed' && t('room.watched', { count: watching }),
    screen && t('room.sharing'),
  ].filter(line => typeof line === 'string')
  if (!lines.length) return null
  return (
    <div className={classes.banner} role="status">
      {lines.map(line => (
        <span key={line}>{line}</span>
      ))}
    </div>
  )
})
