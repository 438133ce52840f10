import {
  Alert,
  Button,
  Divider,
  Group,
  Modal,
  NativeSelect,
  PasswordInput,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Administration, SignedIn } from '../../api/account'
import { changePerson, type ListedPerson, lookUpPerson, nameOf, type PersonChange } from '../../api/people'
import { LANGUAGES } from '../../i18n'
import { announce } from '../announce'
import { isChangedMeanwhile, problemText } from '../problemText'
import { PermissionsField } from './PermissionsField'
import { PersonActions } from './PersonActions'
import { difference, withDifference } from './permissionTree'

interface PersonDialogProps {
  me: SignedIn
  person: ListedPerson
  onClose: () => void
}

const TEXTS = ['title', 'firstName', 'lastName', 'email', 'language'] as const
type TextField = (typeof TEXTS)[number]

interface Draft extends Record<TextField, string> {
  permissions: ReadonlySet<Administration>
}

/** Changes somebody: who they are, what they may; and helps, shuts out or removes them. */
export function PersonDialog({ me, person, onClose }: PersonDialogProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  /** As the server had them when they were loaded last. */
  const [base, setBase] = useState(person)
  const [draft, setDraft] = useState<Draft>(() => draftOf(person))
  const [meanwhile, setMeanwhile] = useState<string[]>([])
  const name = nameOf(base)
  const isSelf = base.id === me.userId
  const done = async (text: string) => {
    await queries.invalidateQueries({ queryKey: ['people'] })
    await queries.invalidateQueries({ queryKey: ['person', base.id] })
    announce(text)
    onClose()
  }
  const mutationKey = ['change-person', person.id]
  const saving = useMutation({
    mutationKey,
    mutationFn: (change: PersonChange) => changePerson(base, change),
    onSuccess: changed => done(t('directory.changed', { name: nameOf(changed) })),
    onError: async error => {
      if (isChangedMeanwhile(error)) await takeUp()
    },
  })
  /** Takes up what somebody else has changed; what was typed here stays. */
  const takeUp = async () => {
    const now = await lookUpPerson(base.id)
    setMeanwhile(changesBetween(t, base, now))
    setDraft(current => merged(current, base, now))
    setBase(now)
    await queries.invalidateQueries({ queryKey: ['people'] })
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    const change = changeOf(base, draft)
    if (Object.keys(change).length === 0) return onClose()
    setMeanwhile([])
    const password = String(new FormData(event.currentTarget).get('password') ?? '')
    saving.mutate(needsPassword ? { ...change, password } : change)
  }
  const needsPassword = isSelf && draft.email.trim() !== base.email
  const isInvited = base.state === 'invited'
  const field = (of: TextField) => ({
    value: draft[of],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget
      setDraft(current => ({ ...current, [of]: value }))
    },
    'data-testid': `person-${of}`,
  })
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('directory.changeOf', { name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {base.isShared && (
            <Alert color="blue" variant="light">
              {t('directory.shared')}
            </Alert>
          )}
          <Group grow align="start" gap="sm" preventGrowOverflow={false}>
            <TextInput
              label={t('directory.firstName')}
              maxLength={200}
              disabled={base.isShared}
              {...field('firstName')}
              data-autofocus
            />
            <TextInput
              label={t('directory.lastName')}
              maxLength={200}
              disabled={base.isShared}
              {...field('lastName')}
            />
          </Group>
          <TextInput
            label={t('directory.title')}
            maxLength={100}
            disabled={base.isShared}
            {...field('title')}
          />
          <TextInput
            type="email"
            label={t('directory.email')}
            description={isInvited ? t('directory.emailOfInvited') : undefined}
            maxLength={254}
            disabled={base.isShared || isInvited}
            {...field('email')}
          />
          {needsPassword && (
            <PasswordInput
              name="password"
              label={t('directory.ownPassword')}
              description={t('directory.ownPasswordHint')}
              autoComplete="current-password"
              visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
              maxLength={1000}
              required
              data-testid="own-password"
            />
          )}
          <NativeSelect
            label={t('language.label')}
            disabled={base.isShared}
            data={LANGUAGES.map(value => ({ value, label: t(`language.${value}`) }))}
            {...field('language')}
          />
          <PermissionsField
            me={me}
            value={draft.permissions}
            onChange={permissions => setDraft(current => ({ ...current, permissions }))}
            disabled={isSelf}
          />
          {isSelf && (
            <Text size="sm" c="var(--sr-muted)">
              {t('directory.ownPermissions')}
            </Text>
          )}
          {meanwhile.length > 0 && (
            <Alert
              color="yellow"
              role="alert"
              title={t('problem.changedMeanwhile')}
              data-testid="changed-meanwhile"
            >
              <ul style={{ margin: 0, paddingInlineStart: '1.2rem' }}>
                {meanwhile.map(one => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
              <Text size="sm" mt="xs">
                {t('problem.saveAgain')}
              </Text>
            </Alert>
          )}
          {saving.error && meanwhile.length === 0 && (
            <Alert color="red" role="alert" data-testid="error-message">
              {problemText(t, saving.error)}
            </Alert>
          )}
          <Button type="submit" loading={saving.isPending} data-testid="save-person">
            {t('rooms.save')}
          </Button>
        </Stack>
      </form>
      {!isSelf && (
        <>
          <Divider my="md" />
          <PersonActions person={base} name={name} onChanged={setBase} onDone={done} onStale={takeUp} />
        </>
      )}
    </Modal>
  )
}

function draftOf(person: ListedPerson): Draft {
  const { title, firstName, lastName, email, language } = person
  return { title, firstName, lastName, email, language, permissions: permissionsOf(person) }
}

function permissionsOf({ permissions }: ListedPerson): Set<Administration> {
  return new Set(permissions as Administration[])
}

function changeOf(base: ListedPerson, draft: Draft): PersonChange {
  const change: PersonChange = {}
  for (const of of TEXTS) if (draft[of].trim() !== base[of]) change[of] = draft[of].trim()
  const permissions = difference(permissionsOf(base), draft.permissions)
  return Object.keys(permissions).length ? { ...change, permissions } : change
}

/** Draft with the details that the person has now where nothing was typed, and the permissions that nobody has
 * touched here. */
function merged(draft: Draft, base: ListedPerson, now: ListedPerson): Draft {
  const next = { ...draft }
  for (const of of TEXTS) if (draft[of] === base[of]) next[of] = now[of]
  const own = difference(permissionsOf(base), draft.permissions)
  next.permissions = withDifference(permissionsOf(now), own)
  return next
}

function changesBetween(t: TFunction, base: ListedPerson, now: ListedPerson): string[] {
  const changes = TEXTS.filter(of => base[of] !== now[of]).map(of =>
    t('problem.isNow', {
      field: t(of === 'language' ? 'language.label' : `directory.${of}`),
      value: now[of] || '–',
    }),
  )
  const permissions = difference(permissionsOf(base), permissionsOf(now)) as Partial<
    Record<Administration, boolean>
  >
  for (const [name, isGiven] of Object.entries(permissions) as [Administration, boolean][]) {
    changes.push(t(isGiven ? 'directory.given' : 'directory.taken', { permission: t(`permission.${name}`) }))
  }
  if (base.state !== now.state) {
    changes.push(
      t('problem.isNow', { field: t('directory.stateLabel'), value: t(`directory.state.${now.state}`) }),
    )
  }
  return changes.length ? changes : [t('directory.changedOtherwise')]
}
