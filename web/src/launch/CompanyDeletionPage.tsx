import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { signOut } from '../api/account'
import { deleteCompany, lookUpCompanyDeletion } from '../api/companyDeletion'
import { formatDateTime } from '../i18n/format'
import { log } from '../log'
import { navigate } from '../route/hash'
import { companyDeletionLink } from '../route/linkKeys'
import { MessagePage } from '../ui/MessagePage'

/** Page behind the link of a mail that deletes a company: it says what goes along, and asks. */
export function CompanyDeletionPage({ linkKey }: { linkKey: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const link = useQuery({
    queryKey: ['company-deletion', linkKey],
    queryFn: () => lookUpCompanyDeletion(linkKey),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    gcTime: 0,
  })
  const mutationKey = ['delete-company']
  const deleting = useMutation({
    mutationKey,
    mutationFn: () => deleteCompany(linkKey),
    onSuccess: answer => {
      companyDeletionLink.forget()
      if (answer.state !== 'deleted') return
      queries.clear()
      signOut().catch((error: unknown) => log.warning('signing out', error))
    },
  })
  const remove = () => {
    // The second click of two comes before the button is drawn as busy, and the link works once.
    if (!queries.isMutating({ mutationKey })) deleting.mutate()
  }
  const found = deleting.data ?? link.data
  const failure = deleting.error ?? link.error
  const back = <Button onClick={() => navigate('#/')}>{t('common.back')}</Button>
  if (failure) {
    const retry = () => (deleting.error ? remove() : void link.refetch())
    return (
      <MessagePage
        isError
        title={t('companyDeletion.title')}
        text={t('companyDeletion.failed', { message: failure.message })}
        actions={<Button onClick={retry}>{t('common.retry')}</Button>}
      />
    )
  }
  if (!found) return <MessagePage title={t('link.loading')} />
  if (found.state === 'deleted') {
    return (
      <MessagePage
        title={t('companyDeletion.doneTitle', { company: found.companyName })}
        text={t('companyDeletion.done')}
      />
    )
  }
  if (found.state !== 'open') {
    return (
      <MessagePage
        isError
        title={t('companyDeletion.usedTitle')}
        text={t('companyDeletion.used')}
        actions={back}
      />
    )
  }
  return (
    <MessagePage
      title={t('companyDeletion.titleOf', { company: found.companyName })}
      text={t('companyDeletion.along', {
        people: found.people,
        rooms: found.rooms,
        date: formatDateTime(found.validUntil),
      })}
      actions={
        <>
          <Button color="red" data-testid="delete-company" loading={deleting.isPending} onClick={remove}>
            {t('companyDeletion.submit')}
          </Button>
          <Button variant="default" onClick={() => navigate('#/')}>
            {t('common.cancel')}
          </Button>
        </>
      }
    />
  )
}
