import { Alert, Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { createGroupLink, createGuestLink, type PermissionGroup } from '../api/links'
import { LANGUAGES, language } from '../i18n'
import { groupName } from './groupName'
import classes from './LinkRow.module.css'

interface LinkFormProps {
  kind: 'group' | 'guest'
  roomId: string
  groups: readonly PermissionGroup[]
  queryKey: readonly string[]
}

/** A time in a field of the page, which is of the browser's time zone, as the API writes it. */
function utc(local: FormDataEntryValue | null): string | undefined {
  return local ? new Date(String(local)).toISOString() : undefined
}

/** Makes a link. */
export function LinkForm({ kind, roomId, groups, queryKey }: LinkFormProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [wrongOrder, setWrongOrder] = useState(false)
  const [sendEmail, setSendEmail] = useState(true)
  const mutationKey = ['create-link', kind, roomId]
  const creation = useMutation({
    mutationKey,
    mutationFn: async ({ fields }: { fields: FormData; form: HTMLFormElement }) => {
      const text = (name: string) => String(fields.get(name) ?? '').trim()
      const span = { validFrom: utc(fields.get('validFrom')), validUntil: utc(fields.get('validUntil')) }
      const permissionGroupId = text('group')
      if (kind === 'group') {
        return createGroupLink(roomId, { description: text('description'), permissionGroupId, ...span })
      }
      const email = text('email')
      return createGuestLink(roomId, {
        displayName: text('displayName'),
        email,
        locale: text('locale') || language(),
        sendEmail: sendEmail && email !== '',
        permissionGroupId,
        ...span,
      })
    },
    onSuccess: (_, { form }) => {
      form.reset()
      return queries.invalidateQueries({ queryKey })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    const form = event.currentTarget
    const fields = new FormData(form)
    const from = utc(fields.get('validFrom'))
    const until = utc(fields.get('validUntil'))
    const wrong = Boolean(from && until && from >= until)
    setWrongOrder(wrong)
    if (!wrong) creation.mutate({ fields, form })
  }
  const participant = groups.find(({ name }) => name === 'Participant') ?? groups[0]
  return (
    <form className={classes.form} onSubmit={submit}>
      {kind === 'group' ? (
        <TextInput
          name="description"
          label={t('links.description')}
          description={t('links.descriptionHint')}
          className={classes.whole}
          required
          withAsterisk={false}
          maxLength={200}
          data-testid="link-description"
        />
      ) : (
        <>
          <TextInput name="displayName" label={t('links.name')} maxLength={100} data-testid="link-name" />
          <TextInput
            name="email"
            type="email"
            label={t('links.email')}
            maxLength={254}
            required={sendEmail}
            withAsterisk={false}
            data-testid="link-email"
          />
          <Checkbox
            label={t('links.sendEmail')}
            checked={sendEmail}
            onChange={event => setSendEmail(event.currentTarget.checked)}
          />
          <NativeSelect
            name="locale"
            label={t('links.mailLanguage')}
            defaultValue={language()}
            data={LANGUAGES.map(value => ({ value, label: t(`language.${value}`) }))}
          />
        </>
      )}
      <NativeSelect
        name="group"
        label={t('links.group_label')}
        defaultValue={participant?.id}
        data={groups.map(({ id, name }) => ({ value: id, label: groupName(t, name) }))}
      />
      <TextInput
        name="validFrom"
        type="datetime-local"
        label={`${t('links.validFrom')} (${t('links.optional')})`}
      />
      <TextInput
        name="validUntil"
        type="datetime-local"
        label={`${t('links.validUntil')} (${t('links.optional')})`}
        error={wrongOrder ? t('links.order') : undefined}
      />
      {creation.error && (
        <Alert color="red" role="alert" className={classes.whole} data-testid="error-message">
          {t('links.failed', { message: creation.error.message })}
        </Alert>
      )}
      <Button type="submit" loading={creation.isPending} data-testid="create-link">
        {t('links.create')}
      </Button>
      <div className="sr-only" role="status">
        {creation.isSuccess ? t('links.created') : ''}
      </div>
    </form>
  )
}
