import { Alert, Button, Loader, Switch, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { changeHook, deleteHook, type Hook, listHooks, testHook } from '../../api/organization'
import { IconHistory, IconPlus, IconSend2, IconSettings, IconTrash } from '../../ui/icons'
import { announce, announceFailure } from '../announce'
import { DeletionQuestion } from '../DeletionQuestion'
import { Failure } from '../Failure'
import { problemText } from '../problemText'
import { useOnce } from '../useOnce'
import { Deliveries } from './Deliveries'
import { HookDialog } from './HookDialog'
import classes from './Organization.module.css'

/** The web hooks of the organization. */
export function HookList({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState<Hook | 'new' | null>(null)
  const hooks = useQuery({ queryKey: ['hooks', me.companyId], queryFn: listHooks, refetchInterval: 15_000 })
  if (hooks.isPending) return <Loader role="status" aria-label={t('common.loading')} mx="auto" />
  if (hooks.isError)
    return <Failure text={problemText(t, hooks.error)} onRetry={() => void hooks.refetch()} />
  return (
    <>
      {hooks.data.length === 0 && (
        <Text c="var(--sr-muted)" mb="sm">
          {t('organization.noHooks')}
        </Text>
      )}
      <ul className={classes.list}>
        {hooks.data.map(hook => (
          <li key={hook.id}>
            <HookCard hook={hook} onChange={() => setShown(hook)} />
          </li>
        ))}
      </ul>
      <Button
        variant="default"
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => setShown('new')}
        data-testid="new-hook"
      >
        {t('organization.newHook')}
      </Button>
      {shown && <HookDialog hook={shown === 'new' ? null : shown} onClose={() => setShown(null)} />}
    </>
  )
}

function HookCard({ hook, onChange }: { hook: Hook; onChange: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const [showsDeliveries, setShowsDeliveries] = useState(false)
  const { id, name } = hook
  const key = (what: string) => [what, id]
  const once = useOnce()
  const refresh = () => queries.invalidateQueries({ queryKey: ['hooks'] })
  const testing = useMutation({
    mutationKey: key('test-hook'),
    mutationFn: () => testHook(id),
    onSuccess: async () => {
      setShowsDeliveries(true)
      await queries.invalidateQueries({ queryKey: ['deliveries', id] })
      announce(t('organization.testSent', { name }))
    },
    onError: error => announceFailure(problemText(t, error)),
  })
  const switching = useMutation({
    mutationKey: key('switch-hook'),
    mutationFn: () => changeHook(hook, { enabled: !hook.enabled }),
    onSuccess: async changed => {
      await refresh()
      announce(t(changed.enabled ? 'organization.hookOn' : 'organization.hookOff', { name }))
    },
    onError: async error => {
      await refresh()
      announceFailure(problemText(t, error))
    },
  })
  const deleting = useMutation({
    mutationKey: key('delete-hook'),
    mutationFn: () => deleteHook(id),
    onSuccess: async () => {
      await refresh()
      announce(t('organization.hookRemoved', { name }))
    },
  })
  return (
    <article className={classes.card} data-testid="hook" data-name={name}>
      <div className={classes.what}>
        <Text fw={600}>
          <bdi>{name}</bdi>
        </Text>
        <Text size="sm" c="var(--sr-muted)">
          <bdi>{hook.url}</bdi>
        </Text>
        <Text size="sm" c="var(--sr-muted)">
          {hook.types.length ? hook.types.join(', ') : t('organization.allEvents')}
        </Text>
      </div>
      <div className={classes.actions}>
        <Switch
          label={t('organization.on')}
          checked={hook.enabled}
          disabled={switching.isPending}
          onChange={once(key('switch-hook'), () => switching.mutate())}
          data-testid="hook-enabled"
        />
        <Button
          variant="default"
          leftSection={<IconSend2 size={16} aria-hidden />}
          loading={testing.isPending}
          disabled={!hook.enabled}
          onClick={once(key('test-hook'), () => testing.mutate())}
          data-testid="test-hook"
        >
          {t('organization.test')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconHistory size={16} aria-hidden />}
          aria-expanded={showsDeliveries}
          onClick={() => setShowsDeliveries(!showsDeliveries)}
          data-testid="show-deliveries"
        >
          {t('organization.deliveries')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconSettings size={16} aria-hidden />}
          aria-label={t('directory.changeOf', { name })}
          onClick={onChange}
          data-testid="change-hook"
        >
          {t('directory.change')}
        </Button>
        <Button
          variant="subtle"
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          aria-label={t('organization.removeOf', { name })}
          onClick={() => setAsking(true)}
          data-testid="delete-hook"
        >
          {t('directory.remove')}
        </Button>
      </div>
      {hook.problem && (
        <Alert color="yellow" variant="light" w="100%">
          {t('organization.hookProblem', { problem: hook.problem })}
        </Alert>
      )}
      {isAsking && (
        <DeletionQuestion
          text={t('organization.confirmHook', { name })}
          failure={deleting.error && problemText(t, deleting.error)}
          isPending={deleting.isPending}
          onConfirm={once(key('delete-hook'), () => deleting.mutate())}
          onCancel={() => setAsking(false)}
        />
      )}
      {showsDeliveries && <Deliveries hookId={id} />}
    </article>
  )
}
