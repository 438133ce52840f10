import { Notification } from '@mantine/core'
import type { TFunction } from 'i18next'
import { memo, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatList } from '../i18n/format'
import { useStorePart } from '../ui/store'
import classes from './Notices.module.css'
import type { RoomSession } from './session'
import type { Grant, Notice } from './state'

const SHOWN_FOR = 6_000
const SHOWN_AT_ONCE = 3
/** These concern the person, so they are seen as well as heard. */
const SEEN = new Set<Notice['kind']>(['moderated', 'permitted', 'hand', 'failed', 'reconnected', 'sharing'])

/** Tells what happens in the room: all of it to screen readers, what concerns one also to the eye. */
export const Notices = memo(function Notices({ session }: { session: RoomSession }) {
  const { t } = useTranslation()
  const notices = useStorePart(session.state, state => state.notices)
  const [shown, setShown] = useState<readonly Notice[]>([])
  const [heard, setHeard] = useState('')
  const last = useRef(notices.at(-1)?.number ?? 0)

  useEffect(() => {
    const fresh = notices.filter(({ number }) => number > last.current)
    if (!fresh.length) return
    last.current = fresh.at(-1)?.number ?? last.current
    setHeard(fresh.map(notice => noticeText(t, notice)).join(' '))
    const seen = fresh.filter(
      notice => SEEN.has(notice.kind) || (notice.kind === 'chat' && notice.message.kind === 'broadcast'),
    )
    if (seen.length) setShown(current => [...current, ...seen].slice(-SHOWN_AT_ONCE))
  }, [notices, t])

  useEffect(() => {
    if (!shown.length) return
    const timer = window.setTimeout(() => setShown(current => current.slice(1)), SHOWN_FOR)
    return () => window.clearTimeout(timer)
  }, [shown])

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
            onClose={() => setShown(current => current.filter(({ number }) => number !== notice.number))}
          >
            {noticeText(t, notice)}
          </Notification>
        ))}
      </div>
    </>
  )
})

const MODERATED = {
  mute: 'notice.mute',
  'stop-video': 'notice.stopVideo',
  'stop-screen': 'notice.stopScreen',
  'lower-hand': 'notice.lowerHand',
} as const

const LEFT = {
  left: 'left',
  lost: 'lost',
  removed: 'removed',
  replaced: 'left',
  meeting_over: 'left',
} as const

const SIMPLE = {
  reconnecting: 'notice.reconnecting',
  reconnected: 'notice.reconnected',
  'media-away': 'notice.mediaAway',
  'media-back': 'notice.mediaBack',
} as const

function sentence(
  t: TFunction,
  words: 'notice.given' | 'notice.taken',
  name: string,
  grants: readonly Grant[],
): string[] {
  return grants.length
    ? [t(words, { name, what: formatList(grants.map(grant => t(`notice.may.${grant}`))) })]
    : []
}

export function noticeText(t: TFunction, notice: Notice): string {
  switch (notice.kind) {
    case 'joined':
    case 'hand':
    case 'sharing':
    case 'waiting':
      return t(`notice.${notice.kind}`, { name: notice.name })
    case 'left':
      return t(`notice.${LEFT[notice.reason]}`, { name: notice.name })
    case 'chat':
      return t('notice.chat', { name: notice.message.fromName, text: notice.message.text.slice(0, 300) })
    case 'moderated':
      return t(MODERATED[notice.action], { name: notice.byName })
    case 'permitted':
      return [
        ...sentence(t, 'notice.given', notice.byName, notice.given),
        ...sentence(t, 'notice.taken', notice.byName, notice.taken),
      ].join(' ')
    case 'failed':
      if (notice.code === 'not_allowed') return t('notice.notAllowed')
      if (notice.code === 'room_full') return t('notice.full')
      return t('notice.failed', { code: notice.code })
    default:
      return t(SIMPLE[notice.kind])
  }
}
