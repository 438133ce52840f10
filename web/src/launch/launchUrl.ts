import { LOG_LEVELS, type LogLevel } from '../log'

/** Contents of the address `/webclient/?--url=alfaview://HOST:PORT?companyId=…&roomId=…&token=…`. */
export interface Launch {
  companyId: string
  roomId: string
  /** Base64, as the API gave it. */
  token: string
  options: LaunchOptions
}

/** The handbook's command line options that mean something in a browser. */
export interface LaunchOptions {
  /** `--skipquicksetup`: straight into the room. */
  skipQuickSetup: boolean
  /** `--disableleaveroom`: no button to leave. */
  disableLeaveRoom: boolean
  /** `--autoacceptwelcome`: no questions before the first join. There are none here; accepted for its callers. */
  autoAcceptWelcome: boolean
  /** `--bypasssettings`: stored settings are neither read nor written. */
  bypassSettings: boolean
  /** `--loglevel=` or `--verbose`. */
  logLevel: LogLevel | null
}

export type LaunchProblem = 'url_missing' | 'url_invalid' | 'companyId' | 'roomId' | 'token'

export type LaunchResult = { launch: Launch } | { problem: LaunchProblem; options: LaunchOptions }

const SCHEMES = ['alfaview:', 'switchroom:']
const URL_OPTION = '--url='

/**
 * Reads the raw query of the page (`location.search`, with its `?`).
 *
 * Everything after `--url=` is the native URL, unescaped, so `URLSearchParams` is of no use: it would end the
 * URL at the first `&` and turn the `+` of a base64 token into a space. A percent-encoded URL works as well.
 */
export function parseLaunch(search: string): LaunchResult {
  const query = search.startsWith('?') ? search.slice(1) : search
  const start = query.indexOf(URL_OPTION)
  const own = start < 0 ? query : query.slice(0, start)
  let url = start < 0 ? '' : query.slice(start + URL_OPTION.length)
  if (/^(alfaview|switchroom)%3a/i.test(url)) url = decode(url)

  // Options may also have been appended to the URL; their leading dashes tell them from its parameters.
  const parameters = url.slice(url.indexOf('?') + 1).split('&')
  const options = parseOptions([...own.split('&'), ...parameters])
  if (!url) return { problem: 'url_missing', options }
  const scheme = SCHEMES.find(known => url.toLowerCase().startsWith(`${known}//`))
  if (!scheme || !url.includes('?')) return { problem: 'url_invalid', options }

  const companyId = parameter(parameters, 'companyId')
  const roomId = parameter(parameters, 'roomId')
  const token = parameter(parameters, 'token').replaceAll(' ', '+')
  if (!companyId) return { problem: 'companyId', options }
  if (!roomId) return { problem: 'roomId', options }
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(token)) return { problem: 'token', options }
  return { launch: { companyId, roomId, token, options } }
}

/** The value of `name`: everything after the first `=`, since a base64 token may end with more of them. */
function parameter(parameters: readonly string[], name: string): string {
  const found = parameters.find(part => part.startsWith(`${name}=`))
  return found ? decode(found.slice(name.length + 1)).trim() : ''
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parseOptions(parts: readonly string[]): LaunchOptions {
  const given = new Map<string, string>()
  for (const part of parts) {
    const option = decode(part)
    if (!option.startsWith('--')) continue
    const [name = '', value = ''] = option.split('=', 2)
    given.set(name.toLowerCase(), value)
  }
  return {
    skipQuickSetup: isOn(given, '--skipquicksetup'),
    disableLeaveRoom: isOn(given, '--disableleaveroom'),
    autoAcceptWelcome: isOn(given, '--autoacceptwelcome'),
    bypassSettings: isOn(given, '--bypasssettings'),
    logLevel: parseLogLevel(given),
  }
}

function isOn(given: ReadonlyMap<string, string>, name: string): boolean {
  const value = given.get(name)
  return value !== undefined && value !== 'false' && value !== '0'
}

function parseLogLevel(given: ReadonlyMap<string, string>): LogLevel | null {
  if (isOn(given, '--verbose')) return 'debug'
  const level = given.get('--loglevel')?.toLowerCase()
  return LOG_LEVELS.find(known => known === level) ?? null
}
