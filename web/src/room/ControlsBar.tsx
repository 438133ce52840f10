import { Menu } from '@mantine/core'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { canShareScreen } from '../media/problems'
import {
  IconDots,
  IconHandStop,
  IconKeyboard,
  IconMessage,
  IconMicrophone,
  IconMicrophoneOff,
  IconPhoneOff,
  IconScreenShare,
  IconScreenShareOff,
  IconSettings,
  IconUsers,
  IconVideo,
  IconVideoOff,
} from '../ui/icons'
import { useStore, useStorePart } from '../ui/store'
import { ControlButton } from './ControlButton'
import classes from './ControlsBar.module.css'
import type { RoomSession } from './session'

interface ControlsBarProps {
  session: RoomSession
  /** On a phone: what is needed less often moves into a menu. */
  narrow: boolean
  /** Whether single keys press the buttons, so that each says which. */
  singleKeys: boolean
  chatOpen: boolean
  peopleOpen: boolean
  canLeave: boolean
  onChat: () => void
  onPeople: () => void
  onSettings: () => void
  onShortcuts: () => void
}

/** The buttons at the bottom of the room. */
export const ControlsBar = memo(function ControlsBar(props: ControlsBarProps) {
  const { t } = useTranslation()
  const { session, narrow, singleKeys, chatOpen, peopleOpen, canLeave } = props
  const local = useStore(session.local.state)
  const permissions = useStorePart(session.state, state => state.permissions)
  const unread = useStorePart(session.state, state => state.unread)
  const spectates = useStorePart(session.state, ({ self }) => self?.isSpectator ?? false)
  const handUp = useStorePart(session.state, ({ self }) => Boolean(self?.handRaisedAt))
  const hands = useStorePart(
    session.state,
    ({ participants }) => participants.filter(({ handRaisedAt }) => handRaisedAt).length,
  )
  const caption = (text: string) => (narrow ? undefined : text)
  const key = (name: string) => (singleKeys ? name : undefined)
  const microphoneLabel = local.microphoneOn ? t('controls.mute') : t('controls.unmute')
  const cameraLabel = local.camera ? t('controls.cameraOff') : t('controls.cameraOn')
  const screenLabel = local.screen ? t('controls.screenOff') : t('controls.screenOn')
  const screen = (
    <ControlButton
      testId="toggle-screen"
      label={permissions.screen ? screenLabel : t('controls.noScreen')}
      name={permissions.screen ? t('shortcuts.screen') : undefined}
      caption={caption(t('controls.screen'))}
      pressed={local.screen !== null}
      tone={local.screen ? 'active' : undefined}
      disabled={!permissions.screen && !local.screen}
      shortcut={key('S')}
      icon={local.screen ? <IconScreenShareOff /> : <IconScreenShare />}
      onClick={() => void session.toggleScreen()}
    />
  )
  return (
    <nav className={classes.bar} aria-label={t('room.controls')}>
      <ControlButton
        testId="toggle-microphone"
        label={permissions.voice ? microphoneLabel : t('controls.noVoice')}
        name={permissions.voice ? t('shortcuts.microphone') : undefined}
        caption={caption(t('controls.microphone'))}
        pressed={local.microphoneOn}
        off={!local.microphoneOn && permissions.voice}
        disabled={!permissions.voice}
        busy={local.asking.microphone}
        shortcut={key('M')}
        icon={local.microphoneOn ? <IconMicrophone /> : <IconMicrophoneOff />}
        onClick={() => void session.toggleMicrophone()}
      />
      <ControlButton
        testId="toggle-camera"
        label={permissions.video ? cameraLabel : t('controls.noVideo')}
        name={permissions.video ? t('shortcuts.camera') : undefined}
        caption={caption(t('controls.camera'))}
        pressed={local.camera !== null}
        off={!local.camera && permissions.video}
        disabled={!permissions.video}
        busy={local.asking.camera}
        shortcut={key('V')}
        icon={local.camera ? <IconVideo /> : <IconVideoOff />}
        onClick={() => void session.toggleCamera()}
      />
      {(!narrow || canShareScreen()) && screen}
      <ControlButton
        testId="raise-hand"
        label={handUp ? t('controls.handOff') : t('controls.handOn')}
        name={t('controls.handOn')}
        caption={caption(t('controls.hand'))}
        pressed={handUp}
        tone={handUp ? 'active' : undefined}
        disabled={spectates}
        shortcut={key('H')}
        icon={<IconHandStop />}
        onClick={() => void session.toggleHand()}
      />
      <ControlButton
        testId="toggle-chat"
        label={t('controls.chat')}
        caption={caption(t('controls.chat'))}
        expanded={chatOpen}
        badge={unread}
        badgeLabel={t('controls.unread', { count: unread })}
        shortcut={key('C')}
        icon={<IconMessage />}
        onClick={props.onChat}
      />
      {!narrow && (
        <>
          <ControlButton
            testId="toggle-participants"
            label={t('controls.participants')}
            caption={t('controls.participants')}
            expanded={peopleOpen}
            badge={hands}
            badgeLabel={t('controls.hands', { count: hands })}
            shortcut={key('P')}
            icon={<IconUsers />}
            onClick={props.onPeople}
          />
          <ControlButton
            testId="open-settings"
            label={t('controls.settings')}
            caption={t('devices.title')}
            icon={<IconSettings />}
            onClick={props.onSettings}
          />
          <ControlButton
            testId="open-shortcuts"
            label={t('controls.shortcuts')}
            caption={t('controls.keys')}
            shortcut={key('?')}
            icon={<IconKeyboard />}
            onClick={props.onShortcuts}
          />
        </>
      )}
      {narrow && <MoreMenu {...props} hands={hands} />}
      {canLeave && (
        <ControlButton
          testId="leave"
          label={t('controls.leave')}
          caption={caption(t('controls.leave'))}
          tone="danger"
          icon={<IconPhoneOff />}
          onClick={() => session.leave()}
        />
      )}
    </nav>
  )
})

function MoreMenu({ onPeople, onSettings, onShortcuts, hands }: ControlsBarProps & { hands: number }) {
  const { t } = useTranslation()
  return (
    <Menu position="top" shadow="md" withinPortal withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ControlButton
          testId="more"
          label={t('controls.more')}
          badge={hands}
          badgeLabel={t('controls.hands', { count: hands })}
          icon={<IconDots />}
        />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconUsers size={18} aria-hidden />}
          onClick={onPeople}
          data-testid="toggle-participants"
        >
          {t('controls.participants')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconSettings size={18} aria-hidden />}
          onClick={onSettings}
          data-testid="open-settings"
        >
          {t('controls.settings')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconKeyboard size={18} aria-hidden />}
          onClick={onShortcuts}
          data-testid="open-shortcuts"
        >
          {t('controls.shortcuts')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
