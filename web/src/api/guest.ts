import { callClient, type Schemas } from './client'
import { callV1, requestId } from './v1'

export interface LinkAddress {
  companyId: string
  roomId: string
  accessKey: string
}

export type LinkInfo = Schemas['LinkAnswer']
export type LinkState = LinkInfo['state']

/** Rejects with a SignallingError. */
export function linkInfo(link: LinkAddress): Promise<LinkInfo> {
  return callClient('/client/link', link)
}

/** Tokens of guests last twelve hours; one fetched ahead of the click is used for this long, in milliseconds. */
const USABLE = 3_600_000

const KEPT = 'switchroom.guest'

interface Kept extends LinkAddress {
  name: string
  at: number
  token: string
}

/**
 * The access token of a guest, fetched ahead of the click where the name is known, and again when it changes.
 *
 * It is kept as long as the tab is: who reloads the page is the same person in the room, and what moderators have
 * taken from them stays taken.
 */
export class GuestToken {
  private fetched: { name: string; at: number; token: Promise<string> } | null = null

  constructor(private readonly link: LinkAddress) {
    const kept = readKept()
    const isSame =
      kept?.companyId === link.companyId && kept.roomId === link.roomId && kept.accessKey === link.accessKey
    if (kept && isSame) this.fetched = { name: kept.name, at: kept.at, token: Promise.resolve(kept.token) }
  }

  /** Rejects with an ApiError. */
  get(displayName: string, renewed = false): Promise<string> {
    const { fetched } = this
    const usable = fetched?.name === displayName && Date.now() - fetched.at < USABLE
    if (fetched && usable && !renewed) return fetched.token
    const token = this.authenticate(displayName)
    this.fetched = { name: displayName, at: Date.now(), token }
    token.then(
      value => keep({ ...this.link, name: displayName, at: Date.now(), token: value }),
      () => {
        this.fetched = null
      },
    )
    return token
  }

  private async authenticate(displayName: string): Promise<string> {
    const reply = await callV1<{ accessToken: string }>('guestService.v2/authenticate', {
      accessInfo: { requestId: requestId() },
      ...this.link,
      displayName,
    })
    return reply.accessToken
  }
}

function readKept(): Kept | null {
  try {
    return JSON.parse(window.sessionStorage.getItem(KEPT) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

function keep(kept: Kept): void {
  try {
    window.sessionStorage.setItem(KEPT, JSON.stringify(kept))
  } catch {
    // A browser that keeps nothing: the guest is a new one after a reload.
  }
}
