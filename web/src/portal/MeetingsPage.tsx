import { Loader, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../api/account'
import { ownMeetings } from '../api/meetings'
import { Failure } from './Failure'
import { MeetingList } from './MeetingList'
import { PortalFrame } from './PortalFrame'

const MEETINGS_INTERVAL = 30_000

/** The meetings that whoever is signed in organizes. */
export function MeetingsPage({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const meetings = useQuery({
    queryKey: ['meetings', me.companyId, me.userId],
    queryFn: ownMeetings,
    refetchInterval: MEETINGS_INTERVAL,
    retry: false,
  })
  return (
    <PortalFrame me={me} title={t('portal.page.meetings')} current="meetings">
      <h1 className="sr-only">{t('portal.page.meetings')}</h1>
      {meetings.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />}
      {meetings.isError && (
        <Failure text={t('portal.meetingsFailed')} onRetry={() => void meetings.refetch()} />
      )}
      {meetings.data?.length === 0 && <Text c="var(--sr-muted)">{t('portal.noMeetings')}</Text>}
      {!!meetings.data?.length && <MeetingList meetings={meetings.data} />}
    </PortalFrame>
  )
}
