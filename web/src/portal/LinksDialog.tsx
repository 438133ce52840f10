import { Alert, Loader, Modal, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { listGroupLinks, listGuestLinks, permissionGroups } from '../api/links'
import { LinkForm } from './LinkForm'
import { LinkRow } from './LinkRow'

type Kind = 'group' | 'guest'

interface Room {
  id: string
  name: string
}

/** The links of a room: the ones there are, and making another. */
export function LinksDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('links.title', { room: room.name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Tabs defaultValue="group" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="group">{t('links.group')}</Tabs.Tab>
          <Tabs.Tab value="guest">{t('links.guest')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="group">
          <Links room={room} kind="group" />
        </Tabs.Panel>
        <Tabs.Panel value="guest">
          <Links room={room} kind="guest" />
        </Tabs.Panel>
      </Tabs>
    </Modal>
  )
}

function Links({ room, kind }: { room: Room; kind: Kind }) {
  const { t } = useTranslation()
  const queryKey = ['links', kind, room.id]
  const links = useQuery({
    queryKey,
    queryFn: async () => {
      if (kind === 'group') {
        const found = await listGroupLinks(room.id)
        return found.map(link => ({ ...link, title: link.description ?? '' }))
      }
      const found = await listGuestLinks(room.id)
      return found.map(link => ({ ...link, title: link.displayName || link.email || '' }))
    },
  })
  const groups = useQuery({ queryKey: ['groups'], queryFn: permissionGroups, staleTime: 300_000 })
  const failure = links.error ?? groups.error
  return (
    <>
      <Text c="var(--sr-muted)" mb="sm">
        {t(`links.${kind}Lead`)}
      </Text>
      {failure && (
        <Alert color="red" role="alert" data-testid="error-message">
          {t('links.failed', { message: failure.message })}
        </Alert>
      )}
      {links.isPending && <Loader size="sm" role="status" aria-label={t('common.loading')} />}
      {links.data?.length === 0 && <Text mb="sm">{t('links.none')}</Text>}
      {links.data?.map(link => (
        <LinkRow
          key={link.id}
          link={link}
          roomId={room.id}
          group={groups.data?.find(({ id }) => id === link.permissionGroupId)?.name}
          groups={groups.data ?? []}
          kind={kind}
          queryKey={queryKey}
        />
      ))}
      {groups.data && (
        <LinkForm key={kind} kind={kind} roomId={room.id} groups={groups.data} queryKey={queryKey} />
      )}
    </>
  )
}
