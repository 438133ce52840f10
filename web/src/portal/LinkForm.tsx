import { Alert, Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  createGroupLink,
  createGuestLink,
  type PermissionGroup,
  updateGroupLink,
  updateGuestLink,
} from '../api/links'
import { LANGUAGES, language } from '../i18n'
import { announce } from './announce'
import { groupName } from './groupName'
import classes from './LinkRow.module.css'

/** A link as it stands in the list. */
export interface ListedLink {
  id: string
  title: string
  description?: string
  displayName?: string
  email?: string
  locale?: string
  permissionGroupId?: string
  validFrom?: string
  validUntil?: string
  joinLink?: string
}

interface LinkFormProps {
  kind: 'group' | 'guest'
  /** The link to change; one is made without. */
  link?: ListedLink
  onDone?: () => void
  roomId: string
  groups: readonly PermissionGroup[]
  queryKey: readonly string[]
}

/** A time in a field of the page, which is of the browser's time zone, as the API writes it. */
function utc(local: FormDataEntryValue | null): string | undefined {
  return local ? new Date(String(local)).toISOString() : undefined
}

/** A time as a field of the page takes it. */
function local(time: string | undefined): string {
  if (!time) return ''
  const date = new Date(time)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Makes a link, or changes one. */
export function LinkForm({ kind, link, onDone, roomId, groups, queryKey }: LinkFormProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [wrongOrder, setWrongOrder] = useState(false)
  const [sendEmail, setSendEmail] = useState(!link)
  const mutationKey = ['create-link', kind, roomId, link?.id]
  const creation = useMutation({
    mutationKey,
    mutationFn: async ({ fields }: { fields: FormData; form: HTMLFormElement }) => {
      const text = (name: string) => String(fields.get(name) ?? '').trim()
      const span = { validFrom: utc(fields.get('validFrom')), validUntil: utc(fields.get('validUntil')) }
      const permissionGroupId = text('group')
      if (link) return change(link, fields, sendEmail, span)
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
      if (link) announce(t('roomAdministration.links.saved'))
      else form.reset()
      onDone?.()
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
  const change = (
    { id }: ListedLink,
    fields: FormData,
    sendEmail: boolean,
    span: { validFrom?: string; validUntil?: string },
  ) => {
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    const common = { id, permissionGroupId: text('group'), ...span }
    if (kind === 'group') return updateGroupLink(roomId, { ...common, description: text('description') })
    const email = text('email')
    return updateGuestLink(roomId, {
      ...common,
      displayName: text('displayName'),
      email,
      locale: text('locale'),
      sendEmail: sendEmail && email !== '',
    })
  }
  const participant = groups.find(({ name }) => name === 'Participant') ?? groups[0]
  return (
    <form className={classes.form} onSubmit={submit}>
      {kind === 'group' ? (
        <TextInput
          name="description"
          label={t('links.description')}
          defaultValue={link?.description}
          description={t('links.descriptionHint')}
          className={classes.whole}
          required
          withAsterisk={false}
          maxLength={200}
          data-testid="link-description"
        />
      ) : (
        <>
          <TextInput
            name="displayName"
            label={t('links.name')}
            defaultValue={link?.displayName}
            maxLength={100}
            data-testid="link-name"
          />
          <TextInput
            name="email"
            type="email"
            label={t('links.email')}
            defaultValue={link?.email}
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
            defaultValue={link?.locale?.slice(0, 2) || language()}
            data={LANGUAGES.map(value => ({ value, label: t(`language.${value}`) }))}
          />
        </>
      )}
      <NativeSelect
        name="group"
        label={t('links.group_label')}
        defaultValue={link?.permissionGroupId ?? participant?.id}
        data={groups.map(({ id, name }) => ({ value: id, label: groupName(t, name) }))}
      />
      <TextInput
        name="validFrom"
        type="datetime-local"
        label={`${t('links.validFrom')} (${t('links.optional')})`}
        defaultValue={local(link?.validFrom)}
      />
      <TextInput
        name="validUntil"
        type="datetime-local"
        label={`${t('links.validUntil')} (${t('links.optional')})`}
        defaultValue={local(link?.validUntil)}
        description={link?.validUntil ? t('roomAdministration.links.keep') : undefined}
        error={wrongOrder ? t('links.order') : undefined}
      />
      {creation.error && (
        <Alert color="red" role="alert" className={classes.whole} data-testid="error-message">
          {t('links.failed', { message: creation.error.message })}
        </Alert>
      )}
      <Button type="submit" loading={creation.isPending} data-testid={link ? 'save-link' : 'create-link'}>
        {link ? t('roomAdministration.links.save') : t('links.create')}
      </Button>
      <div className="sr-only" role="status">
        {creation.isSuccess ? t('links.created') : ''}
      </div>
    </form>
  )
}
