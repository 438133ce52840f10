import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { EndPage } from '../end/EndPage'
import { language } from '../i18n'
import type { LaunchOptions } from '../launch/launchUrl'
import { LocalMedia } from '../media/localMedia'
import { loadSettings, saveSettings } from '../media/settings'
import { RoomPage } from '../room/RoomPage'
import type { RoomSession } from '../room/session'
import { ConnectionMark } from '../ui/ConnectionMark'
import { useStorePart } from '../ui/store'
import { Lobby } from './Lobby'
import { type Destination, Preparation } from './visit'

interface StayProps {
  destination: Destination
  options?: LaunchOptions
  /** Where people with an account go back to. */
  onBack?: () => void
  /** Called when joining was refused, so that the page can look at the link again. */
  onRefused?: (code: string) => void
}

interface Visit {
  local: LocalMedia
  preparation: Preparation
}

/** From the choice of devices through the room to the page after it, and back in again. */
export function Stay(props: StayProps) {
  const [round, setRound] = useState(0)
  const [wish, setWish] = useState<{ microphone: boolean; camera: boolean; name: string } | null>(null)
  return (
    <Round
      key={round}
      {...props}
      direct={wish}
      onAgain={next => {
        setWish(next)
        setRound(round + 1)
      }}
    />
  )
}

interface RoundProps extends StayProps {
  /** Set when the person was inside before and goes straight back in. */
  direct: { microphone: boolean; camera: boolean; name: string } | null
  onAgain: (wish: { microphone: boolean; camera: boolean; name: string } | null) => void
}

function Round({ destination, options, onBack, onRefused, direct, onAgain }: RoundProps) {
  const [visit, setVisit] = useState<Visit | null>(null)
  const [session, setSession] = useState<RoomSession | null>(null)
  const target = useRef(destination)
  useEffect(() => {
    target.current = destination
  }, [destination])
  const straight = direct !== null || (options?.skipQuickSetup ?? false)

  const join = useCallback(({ local, preparation }: Visit, name: string) => {
    setSession(preparation.join(name, language(), local))
  }, [])

  /** What was chosen in the lobby is offered there the next time. */
  const joinAsChosen = (chosen: Visit, name: string) => {
    const { microphoneOn, camera } = chosen.local.state.get()
    saveSettings({
      microphoneOn,
      cameraOn: camera !== null,
      ...(destination.asksName && { displayName: name }),
    })
    join(chosen, name)
  }

  useEffect(() => {
    const local = new LocalMedia()
    const preparation = new Preparation(target.current)
    const opened = { local, preparation }
    let dropped = false
    preparation.begin()
    setVisit(opened)
    const settings = loadSettings()
    // Nobody is shown or heard without having chosen so on this visit: going straight in, all is off.
    const wish = direct ?? {
      microphone: settings.microphoneOn && !straight,
      camera: settings.cameraOn && !straight,
    }
    const ready = local.open(wish)
    if (straight) {
      void ready.then(() => {
        if (!dropped) join(opened, direct?.name ?? target.current.fixedName ?? '')
      })
    }
    return () => {
      dropped = true
      preparation.drop()
      local.dispose()
    }
  }, [direct, straight, join])

  useEffect(() => {
    if (!session) return
    return () => session.leave()
  }, [session])

  if (!visit) return null
  if (!session) {
    return (
      <Lobby
        destination={destination}
        visit={visit}
        onJoin={name => joinAsChosen(visit, name)}
        onBack={onBack}
      />
    )
  }
  return (
    <Inside
      session={session}
      destination={destination}
      visit={visit}
      options={options}
      onBack={onBack}
      onRefused={onRefused}
      onAgain={onAgain}
      onRetry={name => joinAsChosen(visit, name)}
    />
  )
}

interface InsideProps {
  session: RoomSession
  destination: Destination
  visit: Visit
  options?: LaunchOptions
  onBack?: () => void
  onRefused?: (code: string) => void
  onAgain: RoundProps['onAgain']
  onRetry: (name: string) => void
}

/** What a session shows: the lobby while it joins, the room while it lasts, and what comes after. */
function Inside({ session, destination, visit, options, onBack, onRefused, onAgain, onRetry }: InsideProps) {
  const entered = useStorePart(session.state, state => state.room !== null)
  const end = useStorePart(session.state, state => state.end)
  const refusal = useStorePart(session.state, state => state.refusal)
  const name = session.displayName
  const { t } = useTranslation()
  const media = useRef({ microphone: false, camera: false })

  useEffect(() => {
    if (refusal && !entered) onRefused?.(refusal.code)
  }, [refusal, entered, onRefused])

  useEffect(() => {
    if (end && entered) {
      const { microphoneOn, camera } = visit.local.state.get()
      media.current = { microphone: microphoneOn, camera: camera !== null }
      visit.local.dispose()
    }
  }, [end, entered, visit])

  if (!entered) {
    return (
      <Lobby
        destination={destination}
        visit={visit}
        joining={!end}
        refusal={refusal}
        name={name}
        onJoin={onRetry}
        onBack={onBack}
      />
    )
  }
  if (end) {
    return (
      <>
        <EndPage
          end={end}
          refusal={refusal}
          roomName={session.state.get().room?.displayName ?? ''}
          onRejoin={() => onAgain({ ...media.current, name })}
          onStart={() => onAgain(null)}
          onBack={onBack}
        />
        <ConnectionMark phase="ended" text={t('room.ended')} />
      </>
    )
  }
  return <RoomPage session={session} canLeave={!options?.disableLeaveRoom} />
}
