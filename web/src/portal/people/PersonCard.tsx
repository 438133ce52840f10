import { Button, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Administration, SignedIn } from '../../api/account'
import { invite, type ListedPerson, nameOf } from '../../api/people'
import { formatDateTime } from '../../i18n/format'
import { IconMail, IconSettings } from '../../ui/icons'
import { announce, announceFailure } from '../announce'
import { problemText } from '../problemText'
import { useOnce } from '../useOnce'
import classes from './People.module.css'
import { roleOf } from './permissionTree'

interface PersonCardProps {
  me: SignedIn
  person: ListedPerson
  onOpen: () => void
}

/** Card of a person in the list: who they are, what they may, and what can be done. */
export function PersonCard({ me, person, onOpen }: PersonCardProps) {
  const { t } = useTranslation()
  const name = nameOf(person)
  const permissions = new Set(person.permissions as Administration[])
  const role = roleOf(permissions)
  const isExpired = person.expiresAt !== undefined && Date.parse(person.expiresAt) <= Date.now()
  const mayInvite = me.permissions.has('USER_INVITE') || me.permissions.has('USER_ADMIN')
  return (
    <article className={classes.card} data-testid="person" data-name={name} data-state={person.state}>
      <div className={classes.who}>
        <Text fw={600}>
          <bdi>{name}</bdi>
          {person.id === me.userId && (
            <Text span c="var(--sr-muted)">
              {' '}
              ({t('common.you')})
            </Text>
          )}
        </Text>
        {person.email && person.email !== name && (
          <Text size="sm" c="var(--sr-muted)">
            <bdi>{person.email}</bdi>
          </Text>
        )}
        {person.state === 'invited' && person.mailedAt && (
          <Text size="sm" c="var(--sr-muted)">
            {isExpired
              ? t('directory.expired', { date: formatDateTime(person.expiresAt ?? '') })
              : t('directory.mailed', { date: formatDateTime(person.mailedAt) })}
          </Text>
        )}
      </div>
      <div className={classes.badges}>
        {role !== 'member' && (
          <span className={`${classes.badge} ${classes.good}`}>{t(`directory.role.${role ?? 'other'}`)}</span>
        )}
        {person.state !== 'active' && (
          <span className={classes.badge}>{t(`directory.state.${person.state}`)}</span>
        )}
      </div>
      <div className={classes.actions}>
        {person.state === 'invited' && mayInvite && <SendAgain person={person} name={name} />}
        {me.permissions.has('USER_ADMIN') && (
          <Button
            variant="default"
            leftSection={<IconSettings size={16} aria-hidden />}
            aria-label={t('directory.changeOf', { name })}
            onClick={onOpen}
            data-testid="open-person"
          >
            {t('directory.change')}
          </Button>
        )}
      </div>
    </article>
  )
}

function SendAgain({ person, name }: { person: ListedPerson; name: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const once = useOnce()
  const mutationKey = ['invite', person.id]
  const sending = useMutation({
    mutationKey,
    mutationFn: () => invite(person),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['people'] })
      announce(t('directory.sentAgain', { name }))
    },
    onError: error => announceFailure(problemText(t, error)),
  })
  return (
    <Button
      variant="default"
      leftSection={<IconMail size={16} aria-hidden />}
      aria-label={t('directory.sendAgainTo', { name })}
      loading={sending.isPending}
      onClick={once(mutationKey, () => sending.mutate())}
      data-testid="send-again"
    >
      {t('directory.sendAgain')}
    </Button>
  )
}
