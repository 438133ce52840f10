import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Stay } from '../join/Stay'
import type { Destination } from '../join/visit'
import { setLogLevel } from '../log'
import { bypassSettings } from '../media/settings'
import { MessagePage } from '../ui/MessagePage'
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
    const parsed = parseLaunch(takeQuery())
    const options = 'launch' in parsed ? parsed.launch.options : parsed.options
    if (options.logLevel) setLogLevel(options.logLevel)
    if (options.bypassSettings) bypassSettings()
    return parsed
  }, [])
  if ('problem' in result) {
    return <MessagePage isError title={t('launch.title')} text={t(`launch.${result.problem}`)} />
  }
  return <Launched launch={result.launch} />
}

const KEPT_KEY = 'switchroom.launch'

/**
 * The query of the address, which has a token in it: it leaves the address bar and the history at once. A reload in the
 * same tab finds it again.
 */
function takeQuery(): string {
  const { search, pathname, hash } = window.location
  try {
    if (!search) return sessionStorage.getItem(KEPT_KEY) ?? ''
    sessionStorage.setItem(KEPT_KEY, search)
  } catch {
    // Without storage a reload finds nothing.
  }
  window.history.replaceState(null, '', pathname + hash)
  return search
}

function Launched({ launch }: { launch: Launch }) {
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
  return <Stay destination={destination} options={launch.options} />
}
