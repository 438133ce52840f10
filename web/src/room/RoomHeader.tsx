import { useTranslation } from 'react-i18next'
import { LogoMark } from '../ui/Logo'
import { useHeadingFocus } from '../ui/PageFrame'
import classes from './RoomPage.module.css'
import type { RoomState } from './state'

/** The room's name, how many are in it, and how the connection is. */
export function RoomHeader({ state }: { state: RoomState }) {
  const { t } = useTranslation()
  const heading = useHeadingFocus()
  const { room, participants, self, phase } = state
  const count = participants.filter(({ isSpectator }) => !isSpectator).length + (self?.isSpectator ? 0 : 1)
  return (
    <header className={classes.header}>
      <LogoMark size={26} />
      <h1 ref={heading} tabIndex={-1} className={classes.title}>
        {room?.displayName}
      </h1>
      <span className={classes.count}>{t('room.participants', { count })}</span>
      <span
        className={`${classes.connection} ${phase === 'connected' ? classes.good : classes.bad}`}
        role="status"
        data-testid="connection-state"
        data-state={phase}
      >
        <span className={classes.dot} aria-hidden="true" />
        {t(`room.${phase}`)}
      </span>
    </header>
  )
}
