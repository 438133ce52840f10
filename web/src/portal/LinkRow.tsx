import { Button, CopyButton, Group, Loader, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { deleteLink, type PermissionGroup, resendLink } from '../api/links'
import { IconCheck, IconCopy, IconEdit, IconMail, IconQrcode, IconTrash } from '../ui/icons'
import { announce } from './announce'
import { DeletionQuestion } from './DeletionQuestion'
import { groupName } from './groupName'
import { LinkForm } from './LinkForm'
import classes from './LinkRow.module.css'
import type { ListedLink } from './linkChange'
import { validity } from './linkValidity'
import { useOnce } from './useOnce'

// Most never look at one.
const QrCode = lazy(() => import('./rooms/QrCode'))

interface LinkRowProps {
  link: ListedLink
  kind: 'group' | 'guest'
  groups: readonly PermissionGroup[]
  roomId: string
  group: string | undefined
  queryKey: readonly string[]
}

/** One link: what it is, copying it, changing it, sending it again, deleting it. */
export function LinkRow({ link, kind, groups, roomId, group, queryKey }: LinkRowProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const once = useOnce()
  const [asking, setAsking] = useState(false)
  const [changing, setChanging] = useState(false)
  const [showsCode, setShowsCode] = useState(false)
  const mutationKey = ['resend-link', link.id]
  const sending = useMutation({
    mutationKey,
    mutationFn: () => resendLink(roomId, link.id),
    onSuccess: () => announce(t('roomAdministration.links.resent', { name: title })),
  })
  const deletionKey = ['delete-link', link.id]
  const removal = useMutation({
    mutationKey: deletionKey,
    mutationFn: () => deleteLink(roomId, link.id),
    onSuccess: () => {
      announce(t('roomAdministration.links.deleted', { name: title }))
      return queries.invalidateQueries({ queryKey })
    },
  })
  const title = link.title || t('links.unnamed')
  return (
    <article className={classes.row} data-testid="link" data-name={link.title}>
      <div className={classes.what}>
        <Text fw={600} className={classes.title}>
          <bdi>{title}</bdi>
        </Text>
        <Text size="sm" c="var(--sr-muted)">
          {[group && groupName(t, group), validity(t, link)].filter(Boolean).join(' · ')}
        </Text>
      </div>
      <Group gap="xs">
        <CopyButton value={link.joinLink ?? ''} timeout={2_000}>
          {({ copied, copy }) => (
            <Button
              size="xs"
              variant="default"
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              aria-label={copied ? t('links.copied') : t('links.copyOf', { name: title })}
              onClick={copy}
              data-testid="copy-link"
              data-link={link.joinLink}
            >
              {copied ? t('links.copied') : t('links.copy')}
            </Button>
          )}
        </CopyButton>
        {link.joinLink && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconQrcode size={16} aria-hidden />}
            aria-label={t('roomAdministration.links.qrOf', { name: title })}
            aria-expanded={showsCode}
            onClick={() => setShowsCode(!showsCode)}
            data-testid="show-qr"
          >
            {t('roomAdministration.links.qr')}
          </Button>
        )}
        {kind === 'guest' && link.email && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconMail size={16} aria-hidden />}
            aria-label={t('roomAdministration.links.resendOf', { name: title })}
            loading={sending.isPending}
            onClick={once(mutationKey, () => sending.mutate())}
            data-testid="resend-link"
          >
            {t('roomAdministration.links.resend')}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          leftSection={<IconEdit size={16} aria-hidden />}
          aria-label={t('roomAdministration.links.editOf', { name: title })}
          aria-expanded={changing}
          onClick={() => setChanging(!changing)}
          data-testid="edit-link"
        >
          {t('roomAdministration.links.edit')}
        </Button>
        <Button
          size="xs"
          variant="subtle"
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          aria-label={t('links.deleteOf', { name: title })}
          onClick={() => setAsking(true)}
          data-testid="delete-link"
        >
          {t('common.delete')}
        </Button>
      </Group>
      {sending.error && (
        <Text c="var(--mantine-color-error)" role="alert" size="sm">
          {t('links.failed', { message: sending.error.message })}
        </Text>
      )}
      {showsCode && link.joinLink && (
        <div className={classes.code}>
          <Suspense fallback={<Loader size="sm" role="status" aria-label={t('common.loading')} />}>
            <QrCode link={link.joinLink} />
          </Suspense>
          <Text size="sm" ta="center" className={classes.title}>
            {link.joinLink}
          </Text>
        </div>
      )}
      {changing && (
        <LinkForm
          kind={kind}
          link={link}
          roomId={roomId}
          groups={groups}
          queryKey={queryKey}
          onDone={() => setChanging(false)}
        />
      )}
      {asking && (
        <DeletionQuestion
          text={t('links.confirmDelete', { name: title })}
          failure={removal.error && t('links.failed', { message: removal.error.message })}
          isPending={removal.isPending}
          // The second click of two comes before the button is drawn as busy.
          onConfirm={() => queries.isMutating({ mutationKey: deletionKey }) || removal.mutate()}
          onCancel={() => setAsking(false)}
        />
      )}
    </article>
  )
}
