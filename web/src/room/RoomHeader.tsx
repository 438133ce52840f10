import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useShownBranding } from '../ui/branding'
import { IconLock } from '../ui/icons'
import { BrandPlate, LogoMark } from '../ui/Logo'
import { useHeadingFocus } from '../ui/PageFrame'
import { useStorePart } from '../ui/store'
import { NoticeList } from './NoticeList'
import type { NoticeBoard } from './noticeBoard'
import classes from './RoomPage.module.css'
import type { RoomSession } from './session'
import { counts } from './state'

interface RoomHeaderProps {
  session: RoomSession
  board: NoticeBoard
}

/** The room's name, how many are in it and how many watch, how the connection is, and what was noticed. */
export const RoomHeader = memo(function RoomHeader({ session, board }: RoomHeaderProps) {
  const { t } = useTranslation()
  const heading = useHeadingFocus()
  const branding = useShownBranding()
  const name = useStorePart(session.state, ({ room }) => room?.displayName)
  const phase = useStorePart(session.state, state => state.phase)
  const active = useStorePart(session.state, state => counts(state).active)
  const watching = useStorePart(session.state, state => counts(state).watching)
  const locked = useStorePart(session.state, ({ room }) => room?.locked ?? false)
  const recording = useStorePart(session.state, ({ room }) => room?.recording ?? false)
  const asks = useStorePart(session.state, ({ self }) => Boolean(self?.consent))
  return (
    <header className={classes.header}>
      {branding.isInRooms && <BrandPlate branding={branding} height={26} />}
      {!(branding.isInRooms && branding.isAlone) && <LogoMark size={26} />}
      <h1 ref={heading} tabIndex={-1} className={classes.title} title={name}>
        <bdi>{name}</bdi>
      </h1>
      <span className={classes.count} data-testid="people-count">
        {t('room.participants', { count: active })}
        {watching > 0 && `, ${t('people.spectators', { count: watching })}`}
      </span>
      <span role="status" className={classes.status}>
        {locked && (
          <span className={classes.locked} title={t('room.lockedText')} data-testid="locked">
            <IconLock size={14} aria-hidden />
            <span className={classes.lockedText}>{t('room.locked')}</span>
          </span>
        )}
        {recording && (
          <span
            className={classes.recording}
            title={t(asks ? 'room.recordingOfAgreed' : 'room.recordingText')}
            data-testid="recording"
          >
            <span className={classes.dot} aria-hidden="true" />
            {t('room.recording')}
          </span>
        )}
      </span>
      <span
        className={`${classes.connection} ${phase === 'connected' ? classes.good : classes.bad}`}
        role="status"
        data-testid="connection-state"
        data-state={phase}
      >
        <span className={classes.dot} aria-hidden="true" />
        <span className={classes.phase}>{t(`room.${phase}`)}</span>
      </span>
      <NoticeList board={board} />
    </header>
  )
})
