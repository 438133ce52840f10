import { Button, Loader, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Delivery, listDeliveries, redeliver } from '../../api/organization'
import { formatDateTime } from '../../i18n/format'
import { announce, announceFailure } from '../announce'
import { Failure } from '../Failure'
import { Pager } from '../Pager'
import { problemText } from '../problemText'
import { useOnce } from '../useOnce'
import classes from './Organization.module.css'

/** Deliveries of a web hook and what became of them, a page at a time. */
export function Deliveries({ hookId }: { hookId: number }) {
  const { t } = useTranslation()
  const [places, setPlaces] = useState<readonly number[]>([])
  const before = places.at(-1)
  const page = useQuery({
    queryKey: ['deliveries', hookId, before],
    queryFn: () => listDeliveries(hookId, before),
    refetchInterval: before === undefined ? 2_000 : false,
    placeholderData: previous => previous,
  })
  if (page.isPending) return <Loader size="sm" role="status" aria-label={t('common.loading')} />
  if (page.isError) return <Failure text={problemText(t, page.error)} onRetry={() => void page.refetch()} />
  return (
    <section style={{ width: '100%' }} aria-label={t('organization.deliveries')}>
      {page.data.deliveries.length === 0 && <Text c="var(--sr-muted)">{t('organization.noDeliveries')}</Text>}
      <ul className={classes.events}>
        {page.data.deliveries.map(one => (
          <li key={one.id} className={classes.event} data-testid="delivery" data-state={one.state}>
            <DeliveryRow hookId={hookId} delivery={one} />
          </li>
        ))}
      </ul>
      <Pager
        hasBefore={places.length > 0}
        hasAfter={page.data.before !== undefined}
        onBefore={() => setPlaces(places.slice(0, -1))}
        onAfter={() => {
          const next = page.data.before
          if (next !== undefined && !page.isPlaceholderData) setPlaces([...places, next])
        }}
      />
    </section>
  )
}

function DeliveryRow({ hookId, delivery }: { hookId: number; delivery: Delivery }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const once = useOnce()
  const mutationKey = ['redeliver', delivery.id]
  const sending = useMutation({
    mutationKey,
    mutationFn: () => redeliver(hookId, delivery.id),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['deliveries', hookId] })
      announce(t('organization.sentAgain'))
    },
    onError: error => announceFailure(problemText(t, error)),
  })
  const { state, lastStatus, lastError, attempts } = delivery
  return (
    <div className={classes.actions} style={{ alignItems: 'center', justifyContent: 'space-between' }}>
      <div>
        <Text size="sm" fw={600}>
          {delivery.type}
        </Text>
        <Text size="sm" c="var(--sr-muted)">
          {formatDateTime(delivery.createdAt)} · {t(`organization.delivery.${state}`)}
          {attempts > 0 && ` · ${t('organization.attempts', { count: attempts })}`}
          {lastStatus > 0 && ` · HTTP ${lastStatus}`}
          {lastError && ` · ${lastError}`}
        </Text>
      </div>
      <Button
        size="xs"
        variant="default"
        loading={sending.isPending}
        onClick={once(mutationKey, () => sending.mutate())}
        data-testid="redeliver"
      >
        {t('directory.sendAgain')}
      </Button>
    </div>
  )
}
