import { Button, Loader, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Administration, SignedIn } from '../../api/account'
import { listKeys, revokeApiKey, revokeMeetingKey } from '../../api/organization'
import { formatDateTime } from '../../i18n/format'
import { IconPlus, IconTrash } from '../../ui/icons'
import { announce } from '../announce'
import { DeletionQuestion } from '../DeletionQuestion'
import { Failure } from '../Failure'
import { roleOf } from '../people/permissionTree'
import { problemText } from '../problemText'
import { KeyDialog } from './KeyDialog'
import classes from './Organization.module.css'

/** The keys of the organization's programs: made, seen when they were used last, revoked. */
export function KeyList({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [making, setMaking] = useState<'api' | 'meeting' | null>(null)
  const keys = useQuery({ queryKey: ['keys', me.companyId], queryFn: listKeys })
  if (keys.isPending) return <Loader role="status" aria-label={t('common.loading')} mx="auto" />
  if (keys.isError) return <Failure text={problemText(t, keys.error)} onRetry={() => void keys.refetch()} />
  const permissionsText = (names: readonly string[]) => {
    const role = roleOf(new Set(names as Administration[]))
    if (role && role !== 'member') return t(`directory.role.${role}`)
    return (
      names.map(name => t(`permission.${name as Administration}`)).join(' · ') || t('organization.nothing')
    )
  }
  return (
    <>
      <section aria-labelledby="api-keys">
        <Title order={3} size="h4" id="api-keys" mb="xs">
          {t('organization.apiKeys')}
        </Title>
        {keys.data.apiKeys.length === 0 && (
          <Text c="var(--sr-muted)" mb="sm">
            {t('organization.noApiKeys')}
          </Text>
        )}
        <ul className={classes.list}>
          {keys.data.apiKeys.map(key => (
            <li key={key.clientId}>
              <KeyCard
                name={key.clientId}
                what={permissionsText(key.permissions)}
                createdAt={key.createdAt}
                lastUsedAt={key.lastUsedAt}
                revoke={() => revokeApiKey(key.clientId)}
              />
            </li>
          ))}
        </ul>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => setMaking('api')}
          data-testid="new-api-key"
        >
          {t('organization.newApiKey')}
        </Button>
      </section>
      <section aria-labelledby="meeting-keys" style={{ marginTop: '2rem' }}>
        <Title order={3} size="h4" id="meeting-keys" mb="xs">
          {t('organization.meetingKeys')}
        </Title>
        {keys.data.meetingKeys.length === 0 && (
          <Text c="var(--sr-muted)" mb="sm">
            {t('organization.noMeetingKeys')}
          </Text>
        )}
        <ul className={classes.list}>
          {keys.data.meetingKeys.map(key => (
            <li key={key.id}>
              <KeyCard
                name={key.name}
                what={key.permissions.map(use => t(`organization.use.${use}`)).join(' · ')}
                createdAt={key.createdAt}
                lastUsedAt={key.lastUsedAt}
                revoke={() => revokeMeetingKey(key.id)}
              />
            </li>
          ))}
        </ul>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => setMaking('meeting')}
          data-testid="new-meeting-key"
        >
          {t('organization.newMeetingKey')}
        </Button>
      </section>
      {making && <KeyDialog me={me} kind={making} onClose={() => setMaking(null)} />}
    </>
  )
}

interface KeyCardProps {
  name: string
  what: string
  createdAt: string
  lastUsedAt: string | undefined
  revoke: () => Promise<void>
}

function KeyCard({ name, what, createdAt, lastUsedAt, revoke }: KeyCardProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const mutationKey = ['revoke-key', name, createdAt]
  const revoking = useMutation({
    mutationKey,
    mutationFn: revoke,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['keys'] })
      announce(t('organization.revoked', { name }))
    },
  })
  return (
    <article className={classes.card} data-testid="key" data-name={name}>
      <div className={classes.what}>
        <Text fw={600}>
          <bdi>{name}</bdi>
        </Text>
        <Text size="sm" c="var(--sr-muted)">
          {what}
        </Text>
        <Text size="sm" c="var(--sr-muted)">
          {t('organization.madeOn', { date: formatDateTime(createdAt) })}
          {' · '}
          {lastUsedAt
            ? t('organization.lastUsed', { date: formatDateTime(lastUsedAt) })
            : t('organization.notUsed')}
        </Text>
      </div>
      {!isAsking && (
        <Button
          variant="subtle"
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          aria-label={t('organization.revokeOf', { name })}
          onClick={() => setAsking(true)}
          data-testid="revoke-key"
        >
          {t('organization.revoke')}
        </Button>
      )}
      {isAsking && (
        <DeletionQuestion
          text={t('organization.confirmRevoke', { name })}
          failure={revoking.error && problemText(t, revoking.error)}
          isPending={revoking.isPending}
          onConfirm={() => {
            if (!queries.isMutating({ mutationKey })) revoking.mutate()
          }}
          onCancel={() => setAsking(false)}
        />
      )}
    </article>
  )
}
