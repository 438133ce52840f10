import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { formatTime } from '../i18n/format'
import type { ChatMessage } from '../signalling/messages'
import classes from './ChatPanel.module.css'
import { LinkedText } from './LinkedText'

/** One message, with its addresses made clickable. */
export const ChatEntry = memo(function ChatEntry({ message, own }: { message: ChatMessage; own: boolean }) {
  const { t } = useTranslation()
  const { kind, fromName, toName, text, at } = message
  const audience =
    kind === 'broadcast'
      ? t('chat.announcement')
      : kind === 'private'
        ? own
          ? t('chat.privateTo', { name: toName ?? '' })
          : t('chat.privateFrom')
        : null
  return (
    <li
      className={`${classes.message} ${own ? classes.own : ''} ${classes[kind] ?? ''}`}
      data-testid="chat-message"
      data-kind={kind}
      data-from={fromName}
    >
      <span className={classes.meta}>
        <span className={classes.author}>
          <bdi>{fromName}</bdi>
        </span>
        {audience && <span className={classes.audience}>{audience}</span>}
        <time dateTime={at}>{formatTime(at)}</time>
      </span>
      <span className={classes.text}>
        <LinkedText text={text} />
      </span>
    </li>
  )
})
