import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { signOut } from '../api/account'
import { tabAt } from '../route/tab.fake'
import { forgetLaunch, keepLaunch, launchRefused, takeLaunch } from './keptLaunch'

const QUERY = '?--url=alfaview://h?companyId=c&roomId=r&token=secret'

describe('the token of a launch address', () => {
  let tab: ReturnType<typeof tabAt>
  beforeEach(() => {
    tab = tabAt(`/webclient/${QUERY}`)
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('leaves the address, and a reload finds it', () => {
    expect(takeLaunch()).toBe(QUERY)
    expect(tab.address()).toBe('/webclient/')
    expect(takeLaunch()).toBe(QUERY)
  })

  it.each([
    ['at the end of the stay', forgetLaunch],
    ['when it is refused', () => launchRefused('token_invalid')],
    ['when it has expired', () => launchRefused('token_expired')],
    ['when somebody signs out', () => void signOut().catch(() => undefined)],
  ])('is gone %s', (_, happens) => {
    takeLaunch()
    happens()
    expect(tab.stored()).not.toContain('secret')
    expect(takeLaunch()).toBe('')
  })

  it.each(['room_full', 'unreachable', 'meeting_not_started'])('outlives %s', code => {
    takeLaunch()
    launchRefused(code)
    expect(takeLaunch()).toBe(QUERY)
  })

  it('is kept again by who goes back in', () => {
    takeLaunch()
    forgetLaunch()
    keepLaunch(QUERY)
    expect(takeLaunch()).toBe(QUERY)
  })

  it('is used where nothing can be kept', () => {
    vi.stubGlobal('sessionStorage', undefined)
    expect(takeLaunch()).toBe(QUERY)
    expect(tab.address()).toBe('/webclient/')
    expect(takeLaunch()).toBe('')
  })
})
