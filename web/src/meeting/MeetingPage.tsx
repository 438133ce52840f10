import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { accessToken, account, restoreAccount } from '../api/account'
import { isUnreachable } from '../api/client'
import { type Meeting, type MeetingAddress, MeetingToken, meetingInfo } from '../api/meetings'
import { personName } from '../api/rooms'
import { refusalText, tokenRefusal } from '../join/refusal'
import { Stay } from '../join/Stay'
import type { Destination } from '../join/visit'
import { LoginPage } from '../portal/LoginPage'
import { navigate } from '../route/hash'
import { SignallingError } from '../signalling/socket'
import { useBranding } from '../ui/branding'
import { MessagePage } from '../ui/MessagePage'
import { useStore } from '../ui/store'
import { BeforeStart } from './BeforeStart'
import { Identity } from './Identity'
import { MeetingFacts } from './MeetingFacts'

interface MeetingPageProps {
  number: string
  /** Key of a personal link; empty without one. */
  accessKey: string
}

/** Timers cannot wait longer than this, in milliseconds. */
const LONGEST_TIMER = 2_147_000_000
/** So that not everybody who waits for a meeting to begin asks at the same moment, in milliseconds. */
const SPREAD = 1_500
/** While a meeting has not begun it may be moved. */
const LOOK_AGAIN = 300_000

const back = () => navigate('#/')

/** The page of a meeting: before it, the way in, and after it. */
export function MeetingPage({ number, accessKey }: MeetingPageProps) {
  const { t } = useTranslation()
  const current = useStore(account)
  const userId = current.state === 'in' ? current.userId : ''
  // A personal link says who one is; without one, the account does.
  const [wantsAccount, setWantsAccount] = useState(!accessKey)
  const [signsIn, setSignsIn] = useState(false)
  useEffect(() => {
    if (account.get().state === 'unknown') void restoreAccount()
  }, [])
  const asks = wantsAccount && userId !== ''
  const address = useMemo(
    () => ({ number, key: wantsAccount && userId ? '' : accessKey }),
    [number, accessKey, wantsAccount, userId],
  )
  const info = useQuery({
    queryKey: ['meeting', address, asks && userId],
    queryFn: async () => meetingInfo(address, asks ? await tokenOfAccount() : ''),
    enabled: current.state !== 'unknown',
    // A participant who has come in stays in, whatever the meeting's page says by now.
    refetchOnWindowFocus: query => query.state.data?.state !== 'open',
    refetchOnReconnect: query => query.state.data?.state !== 'open',
    refetchInterval: query => query.state.data?.state === 'not_started' && LOOK_AGAIN,
    retry: (failures, error) => failures < 3 && isUnreachable(error),
    staleTime: 0,
  })
  const name = useQuery({
    queryKey: ['person', userId],
    queryFn: () => personName(userId),
    enabled: userId !== '',
    staleTime: Infinity,
  })
  const { refetch, data } = info
  useBranding(data?.companyId)
  const lookAgain = useCallback(() => void refetch(), [refetch])
  useAtTheStart(data, info.errorUpdateCount, lookAgain)

  if (signsIn && !userId) return <LoginPage />
  if (info.isPending) return <MessagePage title={t('meeting.loading')} />
  const retry = <Button onClick={lookAgain}>{t('common.retry')}</Button>
  if (data === undefined) {
    const code = info.error instanceof SignallingError ? info.error.code : 'unreachable'
    return <MessagePage isError title={t('meeting.notShown')} text={refusalText(t, code)} actions={retry} />
  }
  if (data === null) return <Unknown address={address} retry={retry} />
  const asAccount = asks && data.isMember
  // An account of another organization is none here.
  const belongs = current.state === 'in' && current.companyId === data.companyId
  const identity = belongs && (
    <Identity name={name.data ?? ''} asAccount={asAccount} onChange={setWantsAccount} />
  )
  switch (data.state) {
    case 'open':
      return (
        <OpenMeeting
          key={asAccount ? 'account' : 'guest'}
          meeting={data}
          accessKey={address.key}
          asAccount={asAccount}
          identity={identity}
          onRefused={lookAgain}
        />
      )
    case 'not_started':
      return (
        <BeforeStart
          meeting={data}
          identity={identity}
          onSignIn={userId || accessKey ? null : () => setSignsIn(true)}
        />
      )
    case 'over':
      return <Closed meeting={data} title={t('meeting.overTitle')} text={t('meeting.over')} />
    case 'unavailable':
      return (
        <Closed
          meeting={data}
          title={t('meeting.unavailableTitle')}
          text={t('meeting.unavailable', { name: data.organizerName })}
        />
      )
  }
}

/** Looks again when the meeting can be entered by the server's clock, and after a failure once more. */
function useAtTheStart(meeting: Meeting | null | undefined, failures: number, lookAgain: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each failure sets the clock anew
  useEffect(() => {
    if (meeting?.state !== 'not_started') return
    const wait = Date.parse(meeting.opensAt) - Date.now() - meeting.clockOffset
    const timer = window.setTimeout(
      lookAgain,
      Math.min(Math.max(1_000, wait) + Math.random() * SPREAD, LONGEST_TIMER),
    )
    return () => window.clearTimeout(timer)
  }, [meeting, failures, lookAgain])
}

interface OpenMeetingProps {
  meeting: Meeting
  accessKey: string
  asAccount: boolean
  identity: ReactNode
  onRefused: () => void
}

function OpenMeeting({ meeting, accessKey, asAccount, identity, onRefused }: OpenMeetingProps) {
  const { number } = meeting
  const guest = useMemo(() => new MeetingToken({ number, key: accessKey }), [number, accessKey])
  const destination = useMemo<Destination>(
    () => ({
      roomId: meeting.roomId,
      roomName: meeting.topic,
      companyName: meeting.companyName,
      privacyLink: meeting.privacyLink,
      fixedName: asAccount ? meeting.displayName : null,
      givenName: meeting.displayName,
      asksName: !asAccount,
      validUntil: null,
      listens: meeting.listens,
      waits: meeting.waits,
      facts: (
        <>
          <MeetingFacts meeting={meeting} />
          {identity}
        </>
      ),
      agenda: meeting.agenda,
      fetchesAhead: !asAccount,
      invitation: { address: `${location.origin}/#/meeting/${encodeURIComponent(number)}` },
      token: (displayName, renewed) =>
        asAccount ? tokenOfAccount(renewed) : guest.get(displayName, renewed),
    }),
    [meeting, number, asAccount, identity, guest],
  )
  return <Stay destination={destination} onRefused={onRefused} onBack={asAccount ? back : undefined} />
}

function Closed({ meeting, title, text }: { meeting: Meeting; title: string; text: string }) {
  return (
    <MessagePage isError title={title} text={text}>
      <strong data-testid="meeting-topic">
        <bdi>{meeting.topic}</bdi>
      </strong>
      <MeetingFacts meeting={meeting} />
    </MessagePage>
  )
}

/** There is no such meeting; or there is, and only the key of the personal link is none of it. */
function Unknown({ address, retry }: { address: MeetingAddress; retry: ReactNode }) {
  const { t } = useTranslation()
  const { number, key } = address
  const general = useQuery({
    queryKey: ['meeting', { number, key: '' }, 'general'],
    queryFn: () => meetingInfo({ number, key: '' }, ''),
    enabled: key !== '',
    retry: false,
  })
  if (key && general.isPending) return <MessagePage title={t('meeting.loading')} />
  if (key && general.data) {
    return (
      <MessagePage
        isError
        title={t('meeting.wrongKeyTitle')}
        text={t('meeting.wrongKey')}
        actions={
          <Button component="a" href={`#/meeting/${encodeURIComponent(number)}`} data-testid="general-page">
            {t('meeting.generalPage')}
          </Button>
        }
      />
    )
  }
  return <MessagePage isError title={t('meeting.unknownTitle')} text={t('meeting.unknown')} actions={retry} />
}

/** Rejects with a SignallingError. */
async function tokenOfAccount(renewed = false): Promise<string> {
  try {
    return await accessToken(renewed)
  } catch (error) {
    throw tokenRefusal(error)
  }
}
