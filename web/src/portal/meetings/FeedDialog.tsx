import { Alert, Button, CopyButton, Group, Loader, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { feedAddress } from '../../api/scheduling'
import { IconCheck, IconCopy } from '../../ui/icons'
import { announce } from '../announce'

const KEY = ['meetings', 'feed']

/** The address by which a calendar program shows one's meetings. */
export function FeedDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const address = useQuery({ queryKey: KEY, queryFn: () => feedAddress() })
  const renewal = useMutation({
    mutationKey: KEY,
    mutationFn: () => feedAddress(true),
    onSuccess: renewed => {
      queries.setQueryData(KEY, renewed)
      setAsking(false)
      announce(t('scheduling.feed.renewed'))
    },
  })
  const failure = renewal.error ?? address.error
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('scheduling.feed.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="sm">
        <Text>{t('scheduling.feed.lead')}</Text>
        {failure && (
          <Alert color="red" role="alert" data-testid="error-message">
            {t('scheduling.feed.failed', { message: failure.message })}
          </Alert>
        )}
        {address.isPending && <Loader size="sm" role="status" aria-label={t('common.loading')} />}
        {address.data && (
          <>
            <TextInput
              label={t('scheduling.feed.address')}
              readOnly
              value={address.data}
              onFocus={event => event.currentTarget.select()}
              data-autofocus
              data-testid="feed-address"
            />
            <Text size="sm" c="var(--sr-muted)">
              {t('scheduling.feed.secret')}
            </Text>
            <Group justify="space-between">
              <CopyButton value={address.data} timeout={2_000}>
                {({ copied, copy }) => (
                  <Button
                    leftSection={
                      copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />
                    }
                    onClick={copy}
                    data-testid="copy-feed"
                  >
                    {t(copied ? 'scheduling.feed.copied' : 'scheduling.feed.copy')}
                  </Button>
                )}
              </CopyButton>
              {!asking && (
                <Button variant="default" onClick={() => setAsking(true)} data-testid="renew-feed">
                  {t('scheduling.feed.renew')}
                </Button>
              )}
            </Group>
            {asking && (
              <Alert color="red" variant="light" role="alertdialog" aria-label={t('scheduling.feed.renew')}>
                <Text mb="xs">{t('scheduling.feed.confirm')}</Text>
                <Group gap="xs">
                  <Button
                    size="xs"
                    color="red"
                    loading={renewal.isPending}
                    onClick={() => queries.isMutating({ mutationKey: KEY }) || renewal.mutate()}
                    data-testid="confirm-renew"
                  >
                    {t('scheduling.feed.renew')}
                  </Button>
                  <Button size="xs" variant="default" onClick={() => setAsking(false)}>
                    {t('common.cancel')}
                  </Button>
                </Group>
              </Alert>
            )}
          </>
        )}
      </Stack>
    </Modal>
  )
}
