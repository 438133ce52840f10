import { Alert, Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { problemTexts } from '../media/DeviceProblems'
import { DeviceSelects } from '../media/DeviceSelects'
import type { LocalMedia } from '../media/localMedia'
import { LanguageSwitch } from '../ui/LanguageSwitch'
import { useStorePart } from '../ui/store'

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
