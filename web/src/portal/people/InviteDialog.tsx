import { Alert, Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Administration, SignedIn } from '../../api/account'
import { changePerson, type Invitation, invite, lookUpPerson } from '../../api/people'
import { LANGUAGES, language } from '../../i18n'
import { announce } from '../announce'
import { problemText } from '../problemText'
import { PermissionsField } from './PermissionsField'
import { difference } from './permissionTree'

/** Invites one person by mail. */
export function InviteDialog({ me, onClose }: { me: SignedIn; onClose: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [permissions, setPermissions] = useState<Set<Administration>>(new Set())
  const mutationKey = ['invite-person']
  const inviting = useMutation({
    mutationKey,
    mutationFn: (invitation: Invitation) => send(invitation, permissions),
    onSuccess: async (_, { email }) => {
      await queries.invalidateQueries({ queryKey: ['people'] })
      announce(t('directory.invitedOne', { email }))
      onClose()
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    const fields = new FormData(event.currentTarget)
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    inviting.mutate({
      email: text('email'),
      title: text('title'),
      firstName: text('firstName'),
      lastName: text('lastName'),
      language: text('language'),
    })
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('directory.invite')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text c="var(--sr-muted)">{t('directory.inviteHint')}</Text>
          <TextInput
            type="email"
            name="email"
            label={t('directory.email')}
            maxLength={254}
            required
            withAsterisk={false}
            autoComplete="off"
            data-autofocus
            data-testid="invite-email"
          />
          <Group grow align="start" gap="sm" preventGrowOverflow={false}>
            <TextInput
              name="firstName"
              label={t('directory.firstName')}
              maxLength={200}
              data-testid="invite-first"
            />
            <TextInput
              name="lastName"
              label={t('directory.lastName')}
              maxLength={200}
              data-testid="invite-last"
            />
          </Group>
          <NativeSelect
            name="language"
            label={t('directory.mailLanguage')}
            defaultValue={language()}
            data={LANGUAGES.map(value => ({ value, label: t(`language.${value}`) }))}
          />
          {me.permissions.has('USER_ADMIN') && (
            <PermissionsField me={me} value={permissions} onChange={setPermissions} />
          )}
          {inviting.error && (
            <Alert color="red" role="alert" data-testid="error-message">
              {problemText(t, inviting.error)}
            </Alert>
          )}
          <Button type="submit" loading={inviting.isPending} data-testid="send-invitation">
            {t('directory.send')}
          </Button>
        </Stack>
      </form>
    </Modal>
  )
}

async function send(invitation: Invitation, permissions: ReadonlySet<Administration>): Promise<void> {
  const id = await invite(invitation)
  if (permissions.size === 0) return
  const person = await lookUpPerson(id)
  const given = difference(new Set(person.permissions as Administration[]), permissions)
  if (Object.keys(given).length) await changePerson(person, { permissions: given })
}
