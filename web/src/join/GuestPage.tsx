import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { GuestToken, type LinkAddress, type LinkInfo, linkInfo } from '../api/guest'
import { formatDateTime } from '../i18n/format'
import { useBranding } from '../ui/branding'
import { MessagePage } from '../ui/MessagePage'
import { isFull, tokenRefusal, untilNextTry } from './refusal'
import { Stay } from './Stay'
import type { Destination } from './visit'

/** Timers cannot wait longer than this, in milliseconds. */
const LONGEST_TIMER = 2_147_000_000

/** Page behind a link: the lobby, or a page that says why not. */
export function GuestPage({ link }: { link: LinkAddress }) {
  const { t } = useTranslation()
  const info = useQuery({
    queryKey: ['link', link],
    queryFn: () => linkInfo(link),
    // A guest who has come in stays in, even when the room is full by now or the link runs out.
    refetchOnWindowFocus: query => query.state.data?.state !== 'valid',
    refetchOnReconnect: query => query.state.data?.state !== 'valid',
    staleTime: 0,
  })
  const { refetch } = info
  const lookAgain = useCallback(() => void refetch(), [refetch])
  const refused = useCallback((code: string) => !isFull(code) && lookAgain(), [lookAgain])
  const { data } = info
  useBranding(data && data.state !== 'unknown' ? link.companyId : undefined)
  const { dataUpdatedAt, errorUpdatedAt } = info
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer, and each failure, sets the clock anew
  useEffect(() => {
    if (data?.state !== 'full') return
    const timer = window.setTimeout(lookAgain, untilNextTry())
    return () => window.clearTimeout(timer)
  }, [data, dataUpdatedAt, errorUpdatedAt, lookAgain])
  useEffect(() => {
    if (data?.state !== 'not_yet_valid' || !data.validFrom) return
    const wait = Math.max(1_000, new Date(data.validFrom).getTime() - Date.now() + 500)
    const timer = window.setTimeout(lookAgain, Math.min(wait, LONGEST_TIMER))
    return () => window.clearTimeout(timer)
  }, [data, lookAgain])

  if (info.isPending) return <MessagePage title={t('link.loading')} />
  if (!data) {
    return (
      <MessagePage
        isError
        title={t('link.unreachableTitle')}
        text={t('link.unreachable')}
        actions={<Button onClick={lookAgain}>{t('common.retry')}</Button>}
      />
    )
  }
  if (data.state !== 'valid') return <ClosedLink info={data} onRetry={lookAgain} />
  return <OpenLink link={link} info={data} onRefused={refused} />
}

function OpenLink({
  link,
  info,
  onRefused,
}: {
  link: LinkAddress
  info: LinkInfo
  onRefused: (code: string) => void
}) {
  const guest = useMemo(() => new GuestToken(link), [link])
  const destination = useMemo<Destination>(
    () => ({
      roomId: link.roomId,
      roomName: info.roomName ?? null,
      companyName: info.companyName ?? null,
      privacyLink: info.privacyLink ?? '',
      fixedName: info.displayName || null,
      asksName: !info.displayName,
      validUntil: info.validUntil ?? null,
      fetchesAhead: true,
      invitation: {
        address: `${location.origin}/#/room/${encodeURIComponent(link.roomId)}`,
        byModerators: true,
      },
      token: async (name, renewed) => {
        try {
          return await guest.get(name, renewed)
        } catch (error) {
          throw tokenRefusal(error)
        }
      },
    }),
    [link, info, guest],
  )
  return <Stay destination={destination} onRefused={onRefused} />
}

function ClosedLink({ info, onRetry }: { info: LinkInfo; onRetry: () => void }) {
  const { t } = useTranslation()
  const retry = <Button onClick={onRetry}>{t('common.retry')}</Button>
  switch (info.state) {
    case 'not_yet_valid':
      return (
        <MessagePage
          isError
          title={t('link.notYetTitle')}
          text={
            info.validFrom
              ? `${t('link.notYet', { date: formatDateTime(info.validFrom) })} ${t('link.opensItself')}`
              : t('link.notYetPlain')
          }
        />
      )
    case 'expired':
      return (
        <MessagePage
          isError
          title={t('link.expiredTitle')}
          text={
            info.validUntil
              ? t('link.expired', { date: formatDateTime(info.validUntil) })
              : t('link.expiredPlain')
          }
        />
      )
    case 'full':
      return <MessagePage isError title={t('link.fullTitle')} text={t('link.full')} actions={retry} />
    default:
      return <MessagePage isError title={t('link.unknownTitle')} text={t('link.unknown')} actions={retry} />
  }
}
