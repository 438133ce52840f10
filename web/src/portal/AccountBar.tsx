import { ActionIcon, Anchor, Button, NativeSelect } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type SignedIn, signOut, switchCompany } from '../api/account'
import { companyNames, personName } from '../api/rooms'
import { log } from '../log'
import { IconKey, IconLogout } from '../ui/icons'
import { ChangePasswordDialog } from './ChangePasswordDialog'

/** Bar with the person signed in, their organization, and the way out. */
export function AccountBar({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [isChanging, setChanging] = useState(false)
  const name = useQuery({
    queryKey: ['person', me.userId],
    queryFn: () => personName(me.userId),
    staleTime: Infinity,
  })
  const companies = useQuery({
    queryKey: ['companies', me.companyIds],
    queryFn: () => companyNames(me.companyIds),
    enabled: me.companyIds.length > 1,
    staleTime: Infinity,
  })
  const leave = async () => {
    try {
      await signOut()
    } catch (error) {
      // The page has forgotten everything all the same; the server's cookie runs out by itself.
      log.warning('sign out', error)
    }
    queries.clear()
  }
  const change = async (companyId: string) => {
    try {
      await switchCompany(companyId)
      queries.clear()
    } catch (error) {
      log.warning('switch company', error)
    }
  }
  return (
    <>
      {isChanging && <ChangePasswordDialog onClose={() => setChanging(false)} />}
      {me.companyIds.length > 1 && (
        <NativeSelect
          size="xs"
          aria-label={t('portal.company')}
          value={me.companyId}
          data={me.companyIds.map(id => ({ value: id, label: companies.data?.get(id) ?? id }))}
          onChange={event => void change(event.currentTarget.value)}
        />
      )}
      {name.data && (
        <Anchor href="#/profile" size="sm" fw={600} c="inherit" data-testid="own-name">
          <bdi>{name.data}</bdi>
        </Anchor>
      )}
      <ActionIcon
        size={30}
        variant="default"
        aria-label={t('changePassword.title')}
        title={t('changePassword.title')}
        onClick={() => setChanging(true)}
        data-testid="open-change-password"
      >
        <IconKey size={16} aria-hidden />
      </ActionIcon>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconLogout size={16} aria-hidden />}
        onClick={() => void leave()}
        data-testid="sign-out"
      >
        {t('portal.signOut')}
      </Button>
    </>
  )
}
