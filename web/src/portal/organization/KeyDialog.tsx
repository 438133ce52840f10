import { Alert, Button, Checkbox, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Administration, SignedIn } from '../../api/account'
import { createApiKey, createMeetingKey, type KeyUse } from '../../api/organization'
import { PermissionsField } from '../people/PermissionsField'
import { problemText } from '../problemText'
import { ShownOnce } from './ShownOnce'

const USES: readonly KeyUse[] = ['meeting', 'account', 'events', 'telephony']

interface KeyDialogProps {
  me: SignedIn
  kind: 'api' | 'meeting'
  onClose: () => void
}

/** Makes a key, and shows it once. */
export function KeyDialog({ me, kind, onClose }: KeyDialogProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [permissions, setPermissions] = useState<Set<Administration>>(new Set())
  const [uses, setUses] = useState<readonly KeyUse[]>(['meeting'])
  const mutationKey = ['make-key', kind]
  const making = useMutation({
    mutationKey,
    mutationFn: (name: string) =>
      kind === 'api' ? createApiKey(name, [...permissions]) : createMeetingKey(name, [...uses]),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  })
  // The key that is being made would be lost, and the second click of two may be outside.
  const close = () => {
    if (!making.isPending) onClose()
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey }) || making.isSuccess) return
    making.mutate(String(new FormData(event.currentTarget).get('name') ?? '').trim())
  }
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      closeOnClickOutside={false}
      title={t(kind === 'api' ? 'organization.newApiKey' : 'organization.newMeetingKey')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {making.isSuccess ? (
        <ShownOnce secret={making.data} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              name="name"
              label={t('organization.keyName')}
              description={t(kind === 'api' ? 'organization.clientIdHint' : 'organization.keyNameHint')}
              required
              withAsterisk={false}
              pattern=".*\S.*"
              maxLength={100}
              autoComplete="off"
              data-autofocus
              data-testid="key-name"
            />
            {kind === 'api' ? (
              <PermissionsField me={me} value={permissions} onChange={setPermissions} />
            ) : (
              <Checkbox.Group
                label={t('organization.goodFor')}
                value={[...uses]}
                onChange={chosen => setUses(USES.filter(use => chosen.includes(use)))}
              >
                <Stack gap="xs" mt="xs">
                  {USES.map(use => (
                    <Checkbox
                      key={use}
                      value={use}
                      label={t(`organization.use.${use}`)}
                      data-testid="key-use"
                      data-name={use}
                    />
                  ))}
                </Stack>
              </Checkbox.Group>
            )}
            {kind === 'meeting' && uses.length === 0 && <Text c="red">{t('organization.chooseUse')}</Text>}
            {making.error && (
              <Alert color="red" role="alert" data-testid="error-message">
                {problemText(t, making.error)}
              </Alert>
            )}
            <Button
              type="submit"
              loading={making.isPending}
              disabled={kind === 'meeting' && uses.length === 0}
              data-testid="make-key"
            >
              {t('organization.make')}
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
