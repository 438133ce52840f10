import { Alert, Modal, Stack, Switch, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { problemTexts } from '../media/DeviceProblems'
import { DeviceSelects } from '../media/DeviceSelects'
import type { LocalMedia } from '../media/localMedia'
import { loadSettings, saveSettings } from '../media/settings'
import { LanguageSwitch } from '../ui/LanguageSwitch'
import { useStorePart } from '../ui/store'
import { canNotify, mayNotify } from './alerts'

interface SettingsDialogProps {
  local: LocalMedia
  onClose: () => void
}

/** Devices and language, changed while in the room. */
export function SettingsDialog({ local, onClose }: SettingsDialogProps) {
  const { t } = useTranslation()
  const problems = useStorePart(local.state, state => state.problems)
  const dismissed = useStorePart(local.state, state => state.dismissed)
  // The others stand in the room itself.
  const told = problemTexts(t, problems, kind => kind !== 'screen' && dismissed.has(kind))
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('controls.settings')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      centered
    >
      <Stack>
        <DeviceSelects local={local} />
        {told.map(text => (
          <Alert key={text} color="yellow">
            {text}
          </Alert>
        ))}
        <AlertSwitches />
        <div>
          <Text size="sm" fw={500} mb={4}>
            {t('language.label')}
          </Text>
          <LanguageSwitch />
        </div>
      </Stack>
    </Modal>
  )
}

/** Switches for the sounds, and for what the system tells while the page is hidden. */
function AlertSwitches() {
  const { t } = useTranslation()
  const [settings, setSettings] = useState(loadSettings)
  const [refused, setRefused] = useState(false)
  const change = (part: 'sounds' | 'notifications', on: boolean) => {
    saveSettings({ [part]: on })
    setSettings({ ...settings, [part]: on })
  }
  const notify = async (on: boolean) => {
    const granted = !on || (await mayNotify())
    setRefused(!granted)
    change('notifications', on && granted)
  }
  return (
    <Stack gap="xs">
      <Switch
        checked={settings.sounds}
        onChange={event => change('sounds', event.currentTarget.checked)}
        label={t('alerts.sounds')}
        description={t('alerts.soundsHint')}
        data-testid="sounds"
      />
      {canNotify() && (
        <Switch
          checked={settings.notifications}
          onChange={event => void notify(event.currentTarget.checked)}
          label={t('alerts.notifications')}
          description={t('alerts.notificationsHint')}
          error={refused && t('alerts.refused')}
          data-testid="notifications"
        />
      )}
    </Stack>
  )
}
