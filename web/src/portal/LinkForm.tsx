import { Alert, Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  createGroupLink,
  createGuestLink,
  listGroupLinks,
  listGuestLinks,
  type PermissionGroup,
  updateGroupLink,
  updateGuestLink,
} from '../api/links'
import { LANGUAGES, language } from '../i18n'
import { announce, announceFailure } from './announce'
import { groupName } from './groupName'
import classes from './LinkRow.module.css'
import { changeOf, fieldsOf, type LinkFields, type ListedLink, local, utc } from './linkChange'
import { validity } from './linkValidity'

interface LinkFormProps {
  kind: 'group' | 'guest'
  /** The link to change; one is made without. */
  link?: ListedLink
  onDone?: () => void
  roomId: string
  groups: readonly PermissionGroup[]
  queryKey: readonly string[]
}

/** Makes a link, or changes one. */
export function LinkForm({ kind, link, onDone, roomId, groups, queryKey }: LinkFormProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [wrongOrder, setWrongOrder] = useState(false)
  const [sendEmail, setSendEmail] = useState(!link)
  /** The link as it was when somebody began to change it, and as they have heard of it since. */
  const [begun] = useState(link)
  const [seen, setSeen] = useState(link)
  const [meanwhile, setMeanwhile] = useState('')
  const mutationKey = ['create-link', kind, roomId, link?.id]
  const creation = useMutation({
    mutationKey,
    mutationFn: async ({ fields }: { fields: LinkFields; form: HTMLFormElement }) => {
      setMeanwhile('')
      if (!begun || !seen) return create(kind, roomId, fields, sendEmail)
      const now = await linkNow(kind, roomId, begun.id)
      if (now && !isChanged(seen, now)) return change(kind, roomId, begun, fields, sendEmail)
      if (now) {
        setSeen(now)
        setMeanwhile(changedText(t, now, groups))
      } else announceFailure(t('roomAdministration.links.gone'))
      return 'meanwhile'
    },
    onSuccess: (outcome, { form }) => {
      if (outcome !== 'meanwhile') {
        announce(t(link ? 'roomAdministration.links.saved' : 'links.created'))
        if (!link) form.reset()
        onDone?.()
      }
      return queries.invalidateQueries({ queryKey })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    const form = event.currentTarget
    const fields = typedIn(form)
    const from = utc(fields.validFrom)
    const until = utc(fields.validUntil)
    const wrong = Boolean(from && until && from >= until)
    setWrongOrder(wrong)
    if (!wrong) creation.mutate({ fields, form })
  }
  const participant = groups.find(({ name }) => name === 'Participant') ?? groups[0]
  const choices = groups.map(({ id, name }) => ({ value: id, label: groupName(t, name) }))
  const ownGroup = begun?.permissionGroupId
  if (ownGroup && !groups.some(({ id }) => id === ownGroup)) {
    // Programs give links other groups than pages offer.
    choices.push({ value: ownGroup, label: t('roomAdministration.access.ROLE_CUSTOM') })
  }
  return (
    <form className={classes.form} onSubmit={submit}>
      {kind === 'group' ? (
        <TextInput
          name="description"
          label={t('links.description')}
          defaultValue={begun?.description}
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
            defaultValue={begun?.displayName}
            maxLength={100}
            data-testid="link-name"
          />
          <TextInput
            name="email"
            type="email"
            label={t('links.email')}
            defaultValue={begun?.email}
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
            defaultValue={begun?.locale?.slice(0, 2) || language()}
            data={LANGUAGES.map(value => ({ value, label: t(`language.${value}`) }))}
          />
        </>
      )}
      <NativeSelect
        name="permissionGroupId"
        label={t('links.group_label')}
        defaultValue={begun?.permissionGroupId ?? participant?.id}
        data={choices}
      />
      <TextInput
        name="validFrom"
        type="datetime-local"
        label={`${t('links.validFrom')} (${t('links.optional')})`}
        defaultValue={local(begun?.validFrom)}
      />
      <TextInput
        name="validUntil"
        type="datetime-local"
        label={`${t('links.validUntil')} (${t('links.optional')})`}
        defaultValue={local(begun?.validUntil)}
        description={begun?.validUntil ? t('roomAdministration.links.keep') : undefined}
        error={wrongOrder ? t('links.order') : undefined}
      />
      {meanwhile && (
        <Alert color="orange" role="alert" className={classes.whole} data-testid="changed-meanwhile">
          {meanwhile}
        </Alert>
      )}
      {creation.error && (
        <Alert color="red" role="alert" className={classes.whole} data-testid="error-message">
          {t('links.failed', { message: creation.error.message })}
        </Alert>
      )}
      <Button type="submit" loading={creation.isPending} data-testid={link ? 'save-link' : 'create-link'}>
        {link ? t('roomAdministration.links.save') : t('links.create')}
      </Button>
    </form>
  )
}

function typedIn(form: HTMLFormElement): LinkFields {
  const typed = new FormData(form)
  const text = (name: string) => String(typed.get(name) ?? '').trim()
  return {
    description: text('description'),
    displayName: text('displayName'),
    email: text('email'),
    locale: text('locale') || language(),
    permissionGroupId: text('permissionGroupId'),
    validFrom: text('validFrom'),
    validUntil: text('validUntil'),
  }
}

type Kind = LinkFormProps['kind']

async function create(kind: Kind, roomId: string, fields: LinkFields, sendEmail: boolean): Promise<void> {
  const { description, displayName, email, locale, permissionGroupId } = fields
  const span = { validFrom: utc(fields.validFrom), validUntil: utc(fields.validUntil) }
  if (kind === 'group') return createGroupLink(roomId, { description, permissionGroupId, ...span })
  const mails = sendEmail && email !== ''
  return createGuestLink(roomId, {
    displayName,
    email,
    locale,
    sendEmail: mails,
    permissionGroupId,
    ...span,
  })
}

async function change(
  kind: Kind,
  roomId: string,
  begun: ListedLink,
  fields: LinkFields,
  sendEmail: boolean,
): Promise<void> {
  const changed = { id: begun.id, ...changeOf(fieldsOf(begun, language()), ofKind(kind, fields)) }
  if (kind === 'group') return updateGroupLink(roomId, changed)
  return updateGuestLink(roomId, { ...changed, sendEmail: sendEmail && fields.email !== '' })
}

/** The fields that links of a kind have. */
function ofKind(kind: Kind, { description, displayName, email, locale, ...rest }: LinkFields) {
  return kind === 'group' ? { description, ...rest } : { displayName, email, locale, ...rest }
}

async function linkNow(kind: Kind, roomId: string, id: string): Promise<ListedLink | null> {
  const links = kind === 'group' ? await listGroupLinks(roomId) : await listGuestLinks(roomId)
  const found = links.find(one => one.id === id)
  return found ? { title: '', ...found } : null
}

function isChanged(seen: ListedLink, now: ListedLink): boolean {
  return JSON.stringify(fieldsOf(seen, '')) !== JSON.stringify(fieldsOf(now, ''))
}

/** Sentence about a link that somebody else has changed, with what it is now. */
function changedText(t: TFunction, now: ListedLink, groups: readonly PermissionGroup[]): string {
  const group = groups.find(({ id }) => id === now.permissionGroupId)
  const facts = [
    now.description || [now.displayName, now.email].filter(Boolean).join(', '),
    group && groupName(t, group.name),
    validity(t, now),
  ]
  return t('roomAdministration.links.meanwhile', { what: facts.filter(Boolean).join(' · ') })
}
