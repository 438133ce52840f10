import { Alert, Button, Group, Stack } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  changePerson,
  type ListedPerson,
  lookAtRemoval,
  type Removal,
  removePerson,
  sendPasswordLink,
} from '../../api/people'
import { IconKey, IconTrash, IconUserCheck, IconUserX } from '../../ui/icons'
import { announce } from '../announce'
import { DeletionQuestion } from '../DeletionQuestion'
import { isChangedMeanwhile, problemText } from '../problemText'
import { useOnce } from '../useOnce'

interface PersonActionsProps {
  person: ListedPerson
  name: string
  onChanged: (person: ListedPerson) => void
  onDone: (text: string) => Promise<void>
  /** Told when somebody else has changed the person meanwhile. */
  onStale: () => Promise<void>
}

/** Actions on a person besides changing what is said of them. */
export function PersonActions({ person, name, onChanged, onDone, onStale }: PersonActionsProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [isRemoving, setRemoving] = useState(false)
  const isDisabled = person.state === 'disabled'
  const key = (what: string) => [what, person.id]
  const once = useOnce()
  const enabling = useMutation({
    mutationKey: key('enable-person'),
    mutationFn: () => changePerson(person, { enabled: isDisabled }),
    onSuccess: async changed => {
      onChanged(changed)
      await queries.invalidateQueries({ queryKey: ['people'] })
      announce(t(isDisabled ? 'directory.enabled' : 'directory.disabled', { name }))
    },
    onError: async error => {
      if (isChangedMeanwhile(error)) await onStale()
    },
  })
  const sending = useMutation({
    mutationKey: key('password-link'),
    mutationFn: () => sendPasswordLink(person.id),
    onSuccess: () => announce(t('directory.passwordSent', { name })),
  })
  const failure = sending.error ?? enabling.error
  return (
    <Stack gap="sm">
      {failure && !isChangedMeanwhile(failure) && (
        <Alert color="red" role="alert" data-testid="error-message">
          {problemText(t, failure)}
        </Alert>
      )}
      <Group gap="xs">
        {person.state !== 'invited' && person.email && (
          <Button
            variant="default"
            leftSection={<IconKey size={16} aria-hidden />}
            loading={sending.isPending}
            onClick={once(key('password-link'), () => sending.mutate())}
            data-testid="send-password-link"
          >
            {t('directory.sendPassword')}
          </Button>
        )}
        {person.state !== 'invited' && (
          <Button
            variant="default"
            leftSection={
              isDisabled ? <IconUserCheck size={16} aria-hidden /> : <IconUserX size={16} aria-hidden />
            }
            loading={enabling.isPending}
            onClick={once(key('enable-person'), () => enabling.mutate())}
            data-testid="enable-person"
          >
            {t(isDisabled ? 'directory.enable' : 'directory.disable')}
          </Button>
        )}
        {!isRemoving && (
          <Button
            variant="subtle"
            color="red"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setRemoving(true)}
            data-testid="remove-person"
          >
            {t('directory.remove')}
          </Button>
        )}
      </Group>
      {isRemoving && (
        <RemovalQuestion person={person} name={name} onDone={onDone} onCancel={() => setRemoving(false)} />
      )}
    </Stack>
  )
}

interface RemovalQuestionProps {
  person: ListedPerson
  name: string
  onDone: (text: string) => Promise<void>
  onCancel: () => void
}

function RemovalQuestion({ person, name, onDone, onCancel }: RemovalQuestionProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const removal = useQuery({
    queryKey: ['removal', person.id],
    queryFn: () => lookAtRemoval(person.id),
    staleTime: 0,
  })
  const mutationKey = ['remove-person', person.id]
  const removing = useMutation({
    mutationKey,
    mutationFn: () => removePerson(person.id),
    onSuccess: () => onDone(t('directory.removed', { name })),
  })
  if (removal.isError) {
    return (
      <Alert color="red" role="alert" data-testid="error-message">
        {problemText(t, removal.error)}
      </Alert>
    )
  }
  return (
    <DeletionQuestion
      text={removal.data ? questionText(t, name, person, removal.data) : t('common.loading')}
      failure={removing.error && problemText(t, removing.error)}
      isPending={removing.isPending || removal.isPending}
      onConfirm={() => {
        if (removal.data && !queries.isMutating({ mutationKey })) removing.mutate()
      }}
      onCancel={onCancel}
    />
  )
}

function questionText(t: TFunction, name: string, person: ListedPerson, removal: Removal): string {
  const { meetings, heirName, rooms } = removal
  return [
    t(person.state === 'invited' ? 'directory.confirmInvited' : 'directory.confirmRemoval', { name }),
    meetings > 0 ? t('directory.meetingsGo', { count: meetings, heir: heirName }) : '',
    rooms > 0 ? t('directory.roomsGo', { count: rooms }) : '',
  ]
    .filter(Boolean)
    .join(' ')
}
