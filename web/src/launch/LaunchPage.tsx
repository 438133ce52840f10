import { useCallback, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Stay } from '../join/Stay'
import type { Destination } from '../join/visit'
import { setLogLevel } from '../log'
import { bypassSettings } from '../media/settings'
import { useBrandingOfToken } from '../ui/branding'
import { MessagePage } from '../ui/MessagePage'
import { forgetLaunch, keepLaunch, launchRefused, takeLaunch } from './keptLaunch'
import { type Launch, parseLaunch } from './launchUrl'

/**
 * `/webclient/?--url=…`: a room opened by another program, which has fetched the token itself.
 *
 * The page speaks to the server it came from, not to the host in the URL: that one is meant for native programs, and
 * a page that connects wherever its address says could be made to show a stranger's room under this server's name.
 */
export function LaunchPage() {
  const { t } = useTranslation()
  const result = useMemo(() => {
    const query = takeLaunch()
    const parsed = parseLaunch(query)
    const options = 'launch' in parsed ? parsed.launch.options : parsed.options
    if (options.logLevel) setLogLevel(options.logLevel)
    if (options.bypassSettings) bypassSettings()
    return { ...parsed, query }
  }, [])
  if ('problem' in result) {
    return <MessagePage isError title={t('launch.title')} text={t(`launch.${result.problem}`)} />
  }
  return <Launched launch={result.launch} query={result.query} />
}

function Launched({ launch, query }: { launch: Launch; query: string }) {
  useBrandingOfToken(launch.token)
  const destination = useMemo<Destination>(
    () => ({
      roomId: launch.roomId,
      roomName: null,
      companyName: null,
      fixedName: null,
      asksName: false,
      validUntil: null,
      fetchesAhead: false,
      token: () => Promise.resolve(launch.token),
    }),
    [launch],
  )
  const closes = usePageCloses()
  const stays = useCallback(
    (isInside: boolean) => {
      if (isInside) keepLaunch(query)
      else if (!closes.current) forgetLaunch()
    },
    [query, closes],
  )
  return <Stay destination={destination} options={launch.options} onStay={stays} onRefused={launchRefused} />
}

/** Whether the page is being closed or loaded anew, which ends a stay as well; a reload is to find its launch. */
function usePageCloses() {
  const closes = useRef(false)
  useEffect(() => {
    const follow = (event: Event) => {
      closes.current = event.type === 'pagehide'
    }
    window.addEventListener('pagehide', follow)
    window.addEventListener('pageshow', follow)
    return () => {
      window.removeEventListener('pagehide', follow)
      window.removeEventListener('pageshow', follow)
    }
  }, [])
  return closes
}
