import { startTransition, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { EndPage } from '../end/EndPage'
import { language } from '../i18n'
import type { LaunchOptions } from '../launch/launchUrl'
import { LocalMedia } from '../media/localMedia'
import { loadSettings, saveSettings } from '../media/settings'
import { WaitingRoom } from '../meeting/WaitingRoom'
import { RoomPage } from '../room/RoomPage'
import type { RoomSession } from '../room/session'
import { INITIAL_STATE, type RoomState } from '../room/state'
import { ConnectionMark } from '../ui/ConnectionMark'
import { Store, useStoreLater, useStorePart } from '../ui/store'
import { Lobby } from './Lobby'
import { isFull, untilNextTry } from './refusal'
import { type Destination, Preparation } from './visit'

interface StayProps {
  destination: Destination
  options?: LaunchOptions
  /** Called to go back, for people with an account. */
  onBack?: () => void
  /** Called when joining was refused, so that the page can look at the link again. */
  onRefused?: (code: string) => void
  /** Called with true when one is inside, and with false when the stay is over. */
  onStay?: (isInside: boolean) => void
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
        // The way by which one came in may be closed by now.
        if (!next) props.onRefused?.('ended')
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

/** Stand-in for the session of a stay before anybody has asked to come in. */
const OUTSIDE = { state: new Store<RoomState>(INITIAL_STATE), entered: new Store(false) }

/** Once in and out: the lobby until the room has let one in, the room while it lasts, and what comes after. */
function Round({ destination, options, onBack, onRefused, onStay, direct, onAgain }: RoundProps) {
  const [visit, setVisit] = useState<Visit | null>(null)
  const [session, setSession] = useState<RoomSession | null>(null)
  const stay = useRef<RoomSession | null>(null)
  const target = useRef(destination)
  useEffect(() => {
    target.current = destination
  }, [destination])
  const straight = direct !== null || (options?.skipQuickSetup ?? false)

  const join = useCallback(({ local, preparation }: Visit, name: string) => {
    // A second click that came before the first one was drawn.
    if (stay.current && stay.current.state.get().phase !== 'ended') return
    const joining = preparation.join(name, language(), local)
    stay.current = joining
    // The request is on its way before anything is drawn.
    startTransition(() => setSession(joining))
  }, [])

  /** Join with what was chosen in the lobby, and have it offered there the next time. */
  const joinAsChosen = (chosen: Visit, name: string) => {
    const { microphoneOn, camera, asking } = chosen.local.state.get()
    chosen.local.dismissProblems()
    join(chosen, name)
    saveSettings({
      // A device that is still being opened was chosen as well: whoever is quick finds it again the next time.
      ...(!destination.listens && {
        microphoneOn: microphoneOn || asking.microphone,
        cameraOn: camera !== null || asking.camera,
      }),
      ...(destination.asksName && { displayName: name }),
    })
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
    const mayShow = !straight && !target.current.listens
    const wish = direct ?? {
      microphone: settings.microphoneOn && mayShow,
      camera: settings.cameraOn && mayShow,
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
      stay.current?.leave()
      local.dispose()
    }
  }, [direct, straight, join])

  const { state, entered: entering } = session ?? OUTSIDE
  // The work that brings sound and pictures goes on between the pieces of the drawing.
  const entered = useStoreLater(entering)
  const end = useStorePart(state, current => current.end)
  const refusal = useStorePart(state, current => current.refusal)
  const phase = useStorePart(state, current => current.phase)
  const waited = useStorePart(state, current => current.waited)
  const { t } = useTranslation()
  const media = useRef({ microphone: false, camera: false })

  useEffect(() => {
    if (refusal && !entered) onRefused?.(refusal.code)
  }, [refusal, entered, onRefused])

  // A full room is tried again by itself until somebody has left, or one does not want to wait any more. Meanwhile the
  // lobby says what it said, so that nobody hears it again with each try.
  const [full, setFull] = useState<RoomState['refusal']>(null)
  const fullNow = refusal ? (isFull(refusal.code) && !entered ? refusal : null) : full
  if (fullNow !== full) setFull(fullNow)
  const isOver = end !== null
  useEffect(() => {
    if (!full || !isOver || !visit || !session) return
    const timer = window.setTimeout(() => join(visit, session.displayName), untilNextTry())
    return () => window.clearTimeout(timer)
  }, [full, isOver, visit, session, join])
  const stopWaiting = () => {
    if (!isOver) session?.leave()
    setSession(null)
    setFull(null)
  }

  const wasTakenIn = entered || waited !== null
  useEffect(() => {
    if (wasTakenIn) onStay?.(!isOver)
  }, [wasTakenIn, isOver, onStay])
  useEffect(() => {
    if (visit && end && wasTakenIn) {
      const { microphoneOn, camera } = visit.local.state.get()
      media.current = { microphone: microphoneOn, camera: camera !== null }
      visit.local.dispose()
    }
  }, [end, wasTakenIn, visit])

  if (!visit) return null
  if (!session || !wasTakenIn) {
    return (
      <Lobby
        destination={destination}
        visit={visit}
        joining={session !== null && !end && !full}
        refusal={refusal ?? full}
        onStopWaiting={full ? stopWaiting : undefined}
        name={direct?.name}
        onJoin={name => joinAsChosen(visit, name)}
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
          onRejoin={() => onAgain({ ...media.current, name: session.displayName })}
          onStart={() => onAgain(null)}
          onBack={onBack}
        />
        <ConnectionMark phase="ended" text={t('room.ended')} />
      </>
    )
  }
  if (waited && (phase === 'waiting' || !entered)) {
    return (
      <WaitingRoom
        destination={destination}
        local={visit.local}
        name={session.displayName}
        phase={phase}
        moderatorPresent={waited.moderatorPresent}
        onLeave={() => onAgain(null)}
      />
    )
  }
  return (
    <RoomPage session={session} canLeave={!options?.disableLeaveRoom} invitation={destination.invitation} />
  )
}
