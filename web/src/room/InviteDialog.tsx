import { Button, CopyButton, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { listGroupLinks } from '../api/links'
import { LinksDialog } from '../portal/LinksDialog'
import { IconCheck, IconCopy, IconLink } from '../ui/icons'

/** Means by which a person inside can invite others. */
export interface Invitation {
  /** Address at which people come in who are allowed to. */
  address: string
  /** The id of the room whose links one may make, if the server says so too. */
  linksOf?: string
  /** Whether only people with an account come in there, and only moderators invite: guests have no more. */
  byModerators?: boolean
}

interface InviteDialogProps {
  invitation: Invitation
  roomName: string
  onClose: () => void
}

/** The address of the room, and its links for whoever may make some. */
export function InviteDialog({ invitation, roomName, onClose }: InviteDialogProps) {
  const { t } = useTranslation()
  const { address, linksOf, byModerators } = invitation
  const [links, setLinks] = useState(false)
  // The server refuses this to people who may not manage the room's links.
  const mine = useQuery({
    queryKey: ['links', 'may', linksOf],
    queryFn: async () => {
      await listGroupLinks(linksOf ?? '')
      return true
    },
    enabled: linksOf !== undefined,
    retry: false,
  })
  if (links && linksOf) return <LinksDialog room={{ id: linksOf, name: roomName }} onClose={onClose} />
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('invite.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      centered
    >
      <Stack>
        <TextInput
          label={linksOf || byModerators ? t('invite.colleagues') : t('invite.everybody')}
          readOnly
          value={address}
          onFocus={event => event.currentTarget.select()}
          data-autofocus
          data-testid="invite-address"
        />
        <Group justify="space-between">
          <CopyButton value={address} timeout={2_000}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                leftSection={
                  copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />
                }
                onClick={copy}
                data-testid="copy-address"
              >
                {copied ? t('links.copied') : t('links.copy')}
              </Button>
            )}
          </CopyButton>
          {mine.data && (
            <Button
              leftSection={<IconLink size={16} aria-hidden />}
              onClick={() => setLinks(true)}
              data-testid="invite-guests"
            >
              {t('invite.guests')}
            </Button>
          )}
        </Group>
        {(mine.isError || byModerators) && (
          <Text size="sm" c="var(--sr-muted)">
            {t('invite.noGuests')}
          </Text>
        )}
      </Stack>
    </Modal>
  )
}
