import { Alert, Text } from '@mantine/core'
import type { TFunction } from 'i18next'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useStorePart } from '../ui/store'
import type { LocalMedia, LocalMediaState } from './localMedia'

interface DeviceProblemsProps {
  local: LocalMedia
  /** Sentence about what follows from the problems, said below them. */
  hint?: string
}

/** Problems with the devices, each said until it is dismissed or tried again. */
export const DeviceProblems = memo(function DeviceProblems({ local, hint }: DeviceProblemsProps) {
  const { t } = useTranslation()
  const problems = useStorePart(local.state, state => state.problems)
  const dismissed = useStorePart(local.state, state => state.dismissed)
  const texts = problemTexts(t, problems, kind => !dismissed.has(kind))
  return (
    <div role="status">
      {texts.length > 0 && (
        <Alert
          color="yellow"
          variant="light"
          py="xs"
          withCloseButton
          closeButtonLabel={t('common.close')}
          onClose={() => local.dismissProblems()}
          data-testid="device-problem"
        >
          {texts.map(text => (
            <Text key={text} size="sm" mb={4}>
              {text}
            </Text>
          ))}
          {hint && (
            <Text size="sm" fw={600}>
              {hint}
            </Text>
          )}
        </Alert>
      )}
    </div>
  )
})

export function problemTexts(
  t: TFunction,
  { camera, microphone, screen }: LocalMediaState['problems'],
  isWanted: (kind: keyof LocalMediaState['problems']) => boolean,
): string[] {
  return [
    isWanted('camera') && camera && t(`devices.problem.camera.${camera}`),
    isWanted('microphone') && microphone && t(`devices.problem.microphone.${microphone}`),
    isWanted('screen') && screen && t(`devices.problem.screen.${screen}`),
  ].filter(text => typeof text === 'string')
}
