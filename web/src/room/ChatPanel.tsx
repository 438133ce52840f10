import { ActionIcon, CloseButton, NativeSelect, Text, Textarea, Title } from '@mantine/core'
import { type FormEvent, type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SignallingError } from '../signalling/socket'
import { IconSend2 } from '../ui/icons'
import { ChatEntry } from './ChatEntry'
import classes from './ChatPanel.module.css'
import type { RoomSession } from './session'
import type { RoomState } from './state'

export const CHAT_INPUT = 'chat-input'

const TEXT_LIMIT = 4_000
const EVERYONE = 'everyone'
const BROADCAST = 'broadcast'
/** Nearer to the end than this, in pixels, the list follows new messages. */
const FOLLOWS = 80

interface ChatPanelProps {
  session: RoomSession
  chat: RoomState['chat']
  unread: number
  self: RoomState['self']
  room: RoomState['room']
  permissions: RoomState['permissions']
  participants: RoomState['participants']
  /** To whom the next message goes: a participant's id, `everyone` or `broadcast`. */
  recipient: string
  onRecipient: (recipient: string) => void
  onClose: () => void
}

/** What was written in the room, and the field to write in. */
export const ChatPanel = memo(function ChatPanel(props: ChatPanelProps) {
  const { t } = useTranslation()
  const list = useRef<HTMLOListElement>(null)
  const atEnd = useRef(true)
  const { session, chat, unread, self, onClose } = props
  const count = chat.length

  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls whenever a message came
  useLayoutEffect(() => {
    const element = list.current
    if (element && atEnd.current) element.scrollTop = element.scrollHeight
  }, [count])

  useEffect(() => {
    const read = () => {
      if (unread && document.visibilityState === 'visible') session.readChat()
    }
    read()
    document.addEventListener('visibilitychange', read)
    return () => document.removeEventListener('visibilitychange', read)
  }, [unread, session])

  return (
    <section className={classes.panel} aria-labelledby="chat-title">
      <header className={classes.header}>
        <Title order={2} size="h5" id="chat-title">
          {t('chat.title')}
        </Title>
        <CloseButton aria-label={t('chat.close')} onClick={onClose} />
      </header>
      <ol
        ref={list}
        className={classes.list}
        aria-label={t('chat.log')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < FOLLOWS
        }}
      >
        {count === 0 && (
          <li className={classes.empty}>
            <Text size="sm" c="var(--sr-muted)">
              {t('chat.empty')}
            </Text>
          </li>
        )}
        {chat.map(message => (
          <ChatEntry key={message.id} message={message} own={message.from === self?.id} />
        ))}
      </ol>
      <ChatForm {...props} />
    </section>
  )
})

function ChatForm({
  session,
  permissions,
  room,
  self,
  participants,
  recipient,
  onRecipient,
}: ChatPanelProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [error, setError] = useState<string | null>(null)
  const toModeratorsOnly = room?.mode === 'exam' && !self?.isModerator
  const others = participants.filter(({ isModerator }) => !toModeratorsOnly || isModerator)
  const options = [
    { value: EVERYONE, label: toModeratorsOnly ? t('chat.moderators') : t('chat.everyone') },
    ...(permissions.chatBroadcast ? [{ value: BROADCAST, label: t('chat.broadcast') }] : []),
    ...others.map(({ id, displayName }) => ({ value: id, label: displayName })),
  ]
  const chosen = options.some(({ value }) => value === recipient) ? recipient : EVERYONE

  const send = async () => {
    const message = text.trim()
    if (!message) return
    if ([...message].length > TEXT_LIMIT) return setError(t('chat.tooLong', { limit: TEXT_LIMIT }))
    try {
      setError(null)
      setText('')
      await session.sendChat(
        message,
        chosen === BROADCAST ? { broadcast: true } : chosen === EVERYONE ? {} : { to: chosen },
      )
    } catch (failure) {
      const code = failure instanceof SignallingError ? failure.code : ''
      setText(current => current || message)
      setError(
        code === 'not_allowed'
          ? t('chat.notAllowed')
          : code === 'too_many'
            ? t('chat.tooMany')
            : t('chat.failed'),
      )
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send()
  }
  const sendOnEnter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    void send()
  }

  return (
    <form className={classes.form} onSubmit={submit}>
      {options.length > 1 && (
        <NativeSelect
          size="xs"
          aria-label={t('chat.to')}
          leftSection={<Text size="xs">{t('chat.to')}</Text>}
          leftSectionWidth={36}
          data={options}
          value={chosen}
          onChange={event => onRecipient(event.currentTarget.value)}
          data-testid="chat-recipient"
        />
      )}
      <div className={classes.row}>
        <Textarea
          id={CHAT_INPUT}
          className={classes.input}
          autosize
          minRows={1}
          maxRows={5}
          aria-label={t('chat.label')}
          placeholder={permissions.chat ? t('chat.placeholder') : t('chat.notAllowed')}
          disabled={!permissions.chat}
          value={text}
          onChange={event => setText(event.currentTarget.value)}
          onKeyDown={sendOnEnter}
          data-testid="chat-input"
        />
        <ActionIcon
          type="submit"
          size={36}
          disabled={!permissions.chat}
          aria-label={t('chat.send')}
          data-testid="chat-send"
        >
          <IconSend2 size={20} aria-hidden />
        </ActionIcon>
      </div>
      <div role="alert" className={classes.error}>
        {error}
      </div>
    </form>
  )
}
