import { ActionIcon, CloseButton, NativeSelect, Text, Textarea, Title } from '@mantine/core'
import { type FormEvent, type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isolated } from '../i18n/isolation'
import { SignallingError } from '../signalling/socket'
import { IconSend2 } from '../ui/icons'
import { useStorePart } from '../ui/store'
import { ChatEntry } from './ChatEntry'
import classes from './ChatPanel.module.css'
import { numberedName } from './names'
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
  /** Recipient of the next message: a participant's id, `everyone` or `broadcast`. */
  recipient: string
  onRecipient: (recipient: string) => void
  onClose: () => void
}

/** Panel with the messages written in the room, and the field to write in. */
export const ChatPanel = memo(function ChatPanel(props: ChatPanelProps) {
  const { t } = useTranslation()
  const list = useRef<HTMLOListElement>(null)
  const atEnd = useRef(true)
  const { session, recipient, onRecipient, onClose } = props
  const chat = useStorePart(session.state, state => state.chat)
  const unread = useStorePart(session.state, state => state.unread)
  const ownId = useStorePart(session.state, ({ self }) => self?.id)
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
          <ChatEntry key={message.id} message={message} own={message.from === ownId} />
        ))}
      </ol>
      <div className={classes.writing}>
        <RecipientSelect session={session} recipient={recipient} onRecipient={onRecipient} />
        <ChatForm session={session} recipient={recipient} onRecipient={onRecipient} />
      </div>
    </section>
  )
})

interface Recipients {
  /** In an exam people write to the moderators only. */
  toModeratorsOnly: boolean
  /** The value of an option each: all ways of addressing a message now. */
  options: { value: string; person?: string }[]
}

function recipientsIn({
  room,
  self,
  permissions,
  participants,
  numbers,
}: Pick<RoomState, 'room' | 'self' | 'permissions' | 'participants' | 'numbers'>): Recipients {
  const toModeratorsOnly = room?.mode === 'exam' && !self?.isModerator
  const others = participants.filter(({ isModerator }) => !toModeratorsOnly || isModerator)
  return {
    toModeratorsOnly,
    options: [
      { value: EVERYONE },
      ...(permissions.chatBroadcast ? [{ value: BROADCAST }] : []),
      ...others.map(({ id, displayName }) => ({
        value: id,
        person: numberedName(displayName, numbers.get(id)),
      })),
    ],
  }
}

function isThere({ options }: Recipients, recipient: string): boolean {
  return options.some(({ value }) => value === recipient)
}

/** An announcement that one may not make any more is for everyone all the same. */
function addressed(recipients: Recipients, recipient: string): string {
  return recipient === BROADCAST && !isThere(recipients, recipient) ? EVERYONE : recipient
}

const RecipientSelect = memo(function RecipientSelect({
  session,
  recipient,
  onRecipient,
}: Pick<ChatPanelProps, 'session' | 'recipient' | 'onRecipient'>) {
  const { t } = useTranslation()
  const room = useStorePart(session.state, state => state.room)
  const self = useStorePart(session.state, state => state.self)
  const permissions = useStorePart(session.state, state => state.permissions)
  const participants = useStorePart(session.state, state => state.participants)
  const numbers = useStorePart(session.state, state => state.numbers)
  const recipients = recipientsIn({ room, self, permissions, participants, numbers })
  const names = useRef(new Map<string, string>())
  for (const { value, person } of recipients.options) if (person) names.current.set(value, person)
  // A recipient who has left stays chosen: a message meant for them must not go to all.
  const chosen = addressed(recipients, recipient)
  if (!isThere(recipients, chosen)) {
    recipients.options.push({
      value: chosen,
      person: t('chat.gone', { name: names.current.get(chosen) ?? '' }),
    })
  }
  if (recipients.options.length < 2) return null
  const labels: Record<string, string> = {
    [EVERYONE]: recipients.toModeratorsOnly ? t('chat.moderators') : t('chat.everyone'),
    [BROADCAST]: t('chat.broadcast'),
  }
  return (
    <NativeSelect
      size="xs"
      aria-label={t('chat.to')}
      leftSection={<Text size="xs">{t('chat.to')}</Text>}
      leftSectionWidth={36}
      data={recipients.options.map(({ value, person }) => ({
        value,
        label: person === undefined ? (labels[value] ?? '') : isolated(person),
      }))}
      value={chosen}
      onChange={event => onRecipient(event.currentTarget.value)}
      data-testid="chat-recipient"
    />
  )
})

/** Does not follow who comes and goes: a field that grows with its text is measured whenever it is drawn. */
const ChatForm = memo(function ChatForm({
  session,
  recipient,
  onRecipient,
}: Pick<ChatPanelProps, 'session' | 'recipient' | 'onRecipient'>) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [error, setError] = useState<string | null>(null)
  const mayChat = useStorePart(session.state, ({ permissions }) => permissions.chat)
  const latest = useRef({ text, recipient })
  useEffect(() => {
    latest.current = { text, recipient }
  }, [text, recipient])

  const send = async () => {
    const message = text.trim()
    if (!message) return
    if ([...message].length > TEXT_LIMIT) return setError(t('chat.tooLong', { limit: TEXT_LIMIT }))
    const recipients = recipientsIn(session.state.get())
    const chosen = addressed(recipients, recipient)
    if (!isThere(recipients, chosen)) return setError(t('chat.recipientGone'))
    try {
      setError(null)
      setText('')
      // Announcements are made one at a time: the next line, however soon, is not one by oversight.
      if (recipient === BROADCAST) onRecipient(EVERYONE)
      await session.sendChat(
        message,
        chosen === BROADCAST ? { broadcast: true } : chosen === EVERYONE ? {} : { to: chosen },
      )
    } catch (failure) {
      const code = failure instanceof SignallingError ? failure.code : ''
      if (!latest.current.text) {
        setText(message)
        if (latest.current.recipient === EVERYONE) onRecipient(recipient)
      }
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
      <div className={classes.row}>
        <Textarea
          id={CHAT_INPUT}
          className={classes.input}
          autosize
          minRows={1}
          maxRows={5}
          aria-label={t('chat.label')}
          placeholder={mayChat ? t('chat.placeholder') : t('chat.notAllowed')}
          disabled={!mayChat}
          value={text}
          onChange={event => {
            setText(event.currentTarget.value)
            setError(null)
          }}
          onKeyDown={sendOnEnter}
          data-testid="chat-input"
        />
        <ActionIcon
          type="submit"
          size={36}
          disabled={!mayChat}
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
})
