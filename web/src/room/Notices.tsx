import { Notification } from '@mantine/core'
import { memo, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useStorePart } from '../ui/store'
import { alert } from './alerts'
import classes from './Notices.module.css'
import type { NoticeBoard } from './noticeBoard'
import { noticeText } from './noticeText'
import type { RoomSession } from './session'

interface NoticesProps {
  session: RoomSession
  board: NoticeBoard
}

/** Tells what happens in the room: all of it to screen readers, what concerns one also to the eye. */
export const Notices = memo(function Notices({ session, board }: NoticesProps) {
  const { t } = useTranslation()
  const notices = useStorePart(session.state, state => state.notices)
  const shown = useStorePart(board.state, state => state.shown)
  const [heard, setHeard] = useState('')
  const last = useRef(notices.at(-1)?.number ?? 0)

  useEffect(() => {
    const fresh = notices.filter(({ number }) => number > last.current)
    if (!fresh.length) return
    last.current = fresh.at(-1)?.number ?? last.current
    setHeard(fresh.map(notice => noticeText(t, notice)).join(' '))
    board.tell(fresh)
    alert(t, session, fresh)
  }, [notices, board, session, t])

  useEffect(() => () => board.dispose(), [board])

  return (
    <>
      <div className="sr-only" aria-live="polite" data-testid="announcements">
        {heard}
      </div>
      <div className={classes.notices}>
        {shown.map(notice => (
          <Notification
            key={notice.number}
            role="presentation"
            color={notice.kind === 'failed' ? 'red' : 'lagoon'}
            withBorder
            closeButtonProps={{ 'aria-label': t('common.close') }}
            onClose={() => board.close(notice.number)}
            data-testid="notice"
          >
            {noticeText(t, notice)}
          </Notification>
        ))}
      </div>
    </>
  )
})
