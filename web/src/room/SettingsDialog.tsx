import { Alert, Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
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
        {problems.camera && <Alert color="yellow">{t(`devices.problem.camera.${problems.camera}`)}</Alert>}
        {problems.microphone && (
          <Alert color="yellow">{t(`devices.problem.microphone.${problems.microphone}`)}</Alert>
        )}
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
