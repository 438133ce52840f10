import { describe, expect, it } from 'vitest'
import { type Launch, type LaunchResult, parseLaunch } from './launchUrl'

const COMPANY = '01EZYCFW9MJ10P15YJ63NZ8S47'
const ROOM = '5726d492-6eb2-5f59-9ee8-203181250dc4'

function query(token: string, before = '', after = ''): string {
  return `?${before}--url=alfaview://apis.example.org:443?companyId=${COMPANY}&roomId=${ROOM}&token=${token}${after}`
}

function launched(result: LaunchResult): Launch {
  if (!('launch' in result)) throw new Error(`refused: ${result.problem}`)
  return result.launch
}

describe('the launch URL', () => {
  it('is read as the handbook writes it, unescaped, with + and / and = in the token', () => {
    const launch = launched(parseLaunch(query('IRXPAVVc1nZC0u5+mKTfXe/Qr5bf==')))
    expect(launch).toMatchObject({
      companyId: COMPANY,
      roomId: ROOM,
      token: 'IRXPAVVc1nZC0u5+mKTfXe/Qr5bf==',
    })
  })

  it('takes a percent-encoded token', () => {
    expect(launched(parseLaunch(query('a%2Bb%2Fc%3D'))).token).toBe('a+b/c=')
  })

  it('takes a wholly percent-encoded URL', () => {
    const inner = `alfaview://h:1?companyId=${COMPANY}&roomId=${ROOM}&token=${encodeURIComponent('a+b=')}`
    expect(launched(parseLaunch(`?--url=${encodeURIComponent(inner)}`)).token).toBe('a+b=')
  })

  it('mends a plus that a program on the way made a space', () => {
    expect(launched(parseLaunch(query('a%20b'))).token).toBe('a+b')
  })

  it("takes the project's own scheme", () => {
    const search = `?--url=switchroom://h:8000?companyId=c&roomId=r&token=t`
    expect(launched(parseLaunch(search)).roomId).toBe('r')
  })

  it.each([
    ['', 'url_missing'],
    ['?--skipquicksetup', 'url_missing'],
    ['?--url=https://evil.example/?companyId=c&roomId=r&token=t', 'url_invalid'],
    ['?--url=alfaview://h:1', 'url_invalid'],
    ['?--url=alfaview://h:1?roomId=r&token=t', 'companyId'],
    ['?--url=alfaview://h:1?companyId=c&token=t', 'roomId'],
    ['?--url=alfaview://h:1?companyId=c&roomId=r', 'token'],
    ['?--url=alfaview://h:1?companyId=c&roomId=r&token=<script>', 'token'],
    ['?--url=alfaview://h:1?companyId=c&roomId=r&token=%E0%A4%A', 'token'],
  ])('%s is refused for %s', (search, problem) => {
    expect(parseLaunch(search)).toMatchObject({ problem })
  })
})

describe('the command line options', () => {
  it('are found before the URL and after it', () => {
    const before = launched(parseLaunch(query('t', '--skipquicksetup&--loglevel=info&'))).options
    expect(before).toMatchObject({ skipQuickSetup: true, disableLeaveRoom: false, logLevel: 'info' })
    const after = launched(parseLaunch(query('t', '', '&--disableleaveroom&--bypasssettings'))).options
    expect(after).toMatchObject({ disableLeaveRoom: true, bypassSettings: true, logLevel: null })
  })

  it('--verbose is --loglevel=debug, and an unknown level is none', () => {
    expect(launched(parseLaunch(query('t', '--verbose&'))).options.logLevel).toBe('debug')
    expect(launched(parseLaunch(query('t', '--loglevel=loud&'))).options.logLevel).toBeNull()
  })
})
