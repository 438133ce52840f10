import { Alert, Button, Checkbox, Loader, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { changePermissionGroup, listPermissionGroups, type PermissionGroup } from '../../api/organization'
import { IconSettings } from '../../ui/icons'
import { announce } from '../announce'
import { Failure } from '../Failure'
import { groupName } from '../groupName'
import { problemText } from '../problemText'
import classes from './Organization.module.css'

const FLAGS = [
  'join',
  'voice',
  'video',
  'screen',
  'chat',
  'chatBroadcast',
  'promote',
  'vip',
  'admin',
] as const

/** List of the permission groups: what links and invitations permit inside rooms, by group. */
export function PermissionGroups({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState<[string, PermissionGroup] | null>(null)
  const groups = useQuery({ queryKey: ['groups', me.companyId], queryFn: listPermissionGroups })
  if (groups.isPending) return <Loader role="status" aria-label={t('common.loading')} mx="auto" />
  if (groups.isError) {
    return <Failure text={problemText(t, groups.error)} onRetry={() => void groups.refetch()} />
  }
  return (
    <>
      <ul className={classes.list}>
        {groups.data.map(([id, group]) => {
          const name = groupName(t, group.name ?? '')
          const given = FLAGS.filter(flag => group.permissions?.[flag])
          return (
            <li key={id}>
              <article className={classes.card} data-testid="permission-group" data-name={group.name}>
                <div className={classes.what}>
                  <Text fw={600}>
                    <bdi>{name}</bdi>
                  </Text>
                  <Text size="sm" c="var(--sr-muted)">
                    {given.length
                      ? given.map(flag => t(`organization.flag.${flag}`)).join(' · ')
                      : t('organization.nothing')}
                  </Text>
                </div>
                <Button
                  variant="default"
                  leftSection={<IconSettings size={16} aria-hidden />}
                  aria-label={t('directory.changeOf', { name })}
                  onClick={() => setShown([id, group])}
                  data-testid="change-group"
                >
                  {t('directory.change')}
                </Button>
              </article>
            </li>
          )
        })}
      </ul>
      {shown && <GroupDialog id={shown[0]} group={shown[1]} onClose={() => setShown(null)} />}
    </>
  )
}

interface GroupDialogProps {
  id: string
  group: PermissionGroup
  onClose: () => void
}

function GroupDialog({ id, group, onClose }: GroupDialogProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [meanwhile, setMeanwhile] = useState(false)
  const name = groupName(t, group.name ?? '')
  const mutationKey = ['change-group', id]
  const saving = useMutation({
    mutationKey,
    mutationFn: async (changed: PermissionGroup) => {
      const now = new Map(await listPermissionGroups()).get(id)
      if (JSON.stringify(now) !== JSON.stringify(group)) {
        setMeanwhile(true)
        await queries.invalidateQueries({ queryKey: ['groups'] })
        return false
      }
      await changePermissionGroup(id, changed)
      return true
    },
    onSuccess: async isDone => {
      if (!isDone) return
      await queries.invalidateQueries({ queryKey: ['groups'] })
      announce(t('directory.changed', { name }))
      onClose()
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    const fields = new FormData(event.currentTarget)
    const typed = String(fields.get('name') ?? '').trim()
    saving.mutate({
      ...(typed !== name && { name: typed, order: group.order ?? 0 }),
      permissions: Object.fromEntries(FLAGS.map(flag => [flag, fields.has(flag)])),
    })
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('directory.changeOf', { name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            name="name"
            label={t('organization.groupName')}
            defaultValue={name}
            required
            withAsterisk={false}
            pattern=".*\S.*"
            maxLength={100}
            data-autofocus
            data-testid="group-name"
          />
          {FLAGS.map(flag => (
            <Checkbox
              key={flag}
              name={flag}
              label={t(`organization.flag.${flag}`)}
              defaultChecked={group.permissions?.[flag] ?? false}
              data-testid="group-flag"
              data-name={flag}
            />
          ))}
          <Text size="sm" c="var(--sr-muted)">
            {t('organization.groupHint')}
          </Text>
          {meanwhile && (
            <Alert color="yellow" role="alert" data-testid="changed-meanwhile">
              {t('problem.changedMeanwhile')} {t('organization.openAgain')}
            </Alert>
          )}
          {saving.error && (
            <Alert color="red" role="alert" data-testid="error-message">
              {problemText(t, saving.error)}
            </Alert>
          )}
          <Button type="submit" loading={saving.isPending} disabled={meanwhile} data-testid="save-group">
            {t('rooms.save')}
          </Button>
        </Stack>
      </form>
    </Modal>
  )
}
