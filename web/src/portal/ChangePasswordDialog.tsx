import { Alert, Button, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { changePassword } from '../api/account'
import {
  complaintAboutPassword,
  LONGEST_PASSWORD,
  type PasswordComplaint,
  SHORTEST_PASSWORD,
} from '../api/password'
import { formatNumber } from '../i18n/format'
import { passwordProblem } from './passwordProblem'

/** Sets another password for whoever is signed in and knows the one so far. */
export function ChangePasswordDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [complaint, setComplaint] = useState<PasswordComplaint | null>(null)
  const change = useMutation({
    mutationFn: ({ old, chosen }: { old: string; chosen: string }) => changePassword(old, chosen),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (change.isPending) return
    const fields = new FormData(event.currentTarget)
    const chosen = String(fields.get('new-password') ?? '')
    const found = complaintAboutPassword(chosen)
    setComplaint(found)
    if (!found) change.mutate({ old: String(fields.get('old-password') ?? ''), chosen })
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('changePassword.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {change.isSuccess ? (
        <Stack gap="sm">
          <Alert color="lagoon" variant="light" role="alert" data-testid="password-changed">
            {t('changePassword.done')}
          </Alert>
          <Button onClick={onClose}>{t('common.close')}</Button>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <PasswordInput
              name="old-password"
              data-testid="old-password"
              label={t('changePassword.old')}
              autoComplete="current-password"
              visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
              required
              withAsterisk={false}
              data-autofocus
            />
            <PasswordInput
              name="new-password"
              data-testid="new-password"
              label={t('password.label')}
              description={t('password.rule', { least: SHORTEST_PASSWORD })}
              error={
                complaint &&
                t(`password.${complaint}`, {
                  least: SHORTEST_PASSWORD,
                  most: formatNumber(LONGEST_PASSWORD),
                })
              }
              onChange={event => {
                if (complaint) setComplaint(complaintAboutPassword(event.currentTarget.value))
              }}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
              required
              withAsterisk={false}
            />
            <Text size="sm" c="var(--sr-muted)">
              {t('changePassword.others')}
            </Text>
            {change.error && (
              <Alert color="red" variant="light" role="alert" data-testid="error-message">
                {passwordProblem(t, change.error, 'changePassword.failed')}
              </Alert>
            )}
            <Button type="submit" loading={change.isPending} data-testid="change-password">
              {t('changePassword.submit')}
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
