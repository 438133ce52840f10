import { Store } from '../ui/store'
import type { Notice } from './state'

/** Time that a notice stands over the room, in milliseconds. */
export const SHOWN_FOR = 4_000
export const SHOWN_AT_ONCE = 2
const LISTED = 30

/** These concern the person, so they are seen as well as heard. */
const SEEN = new Set<Notice['kind']>([
  'moderated',
  'permitted',
  'everybody',
  'rules',
  'locked',
  'unlocked',
  'recorded',
  'unrecorded',
  'hand',
  'failed',
  'reconnected',
  'sharing',
])
/** And these are about what the person does or may do: they need not wait for others to go, only for each other. */
const OWN = new Set<Notice['kind']>(['moderated', 'permitted', 'failed', 'reconnected'])

export interface Board {
  /** Notices that stand over the room now, oldest first. */
  shown: readonly Notice[]
  /** Last notices, whether or not they found a place over the room, oldest first. */
  list: readonly Notice[]
  /** Number of notices that found no place over the room since the list was read last. */
  unread: number
}

/** The notices that are seen: few at once, each for its own time, and all of them in a list. */
export class NoticeBoard {
  readonly state = new Store<Board>({ shown: [], list: [], unread: 0 })
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>()
  /** Notices about what the person does or may do that have not found a place yet, oldest first. */
  private waiting: readonly Notice[] = []

  tell(notices: readonly Notice[]): void {
    for (const notice of notices) if (isSeen(notice)) this.add(notice)
  }

  /** Takes a notice away from over the room. */
  close(number: number): void {
    clearTimeout(this.timers.get(number))
    this.timers.delete(number)
    this.state.update({ shown: this.state.get().shown.filter(shown => shown.number !== number) })
    const [next, ...others] = this.waiting
    if (!next || this.state.get().shown.length >= SHOWN_AT_ONCE) return
    this.waiting = others
    this.show(next)
  }

  read(): void {
    this.state.update({ unread: 0 })
  }

  dispose(): void {
    this.waiting = []
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
  }

  private add(notice: Notice): void {
    const { list, shown, unread } = this.state.get()
    this.state.update({ list: [...list, notice].slice(-LISTED) })
    if (shown.length < SHOWN_AT_ONCE) return this.show(notice)
    if (!OWN.has(notice.kind)) return this.state.update({ unread: Math.min(unread + 1, LISTED) })
    const gives = shown.find(({ kind }) => !OWN.has(kind))
    this.waiting = [...this.waiting, notice].slice(-LISTED)
    if (gives) this.close(gives.number)
  }

  private show(notice: Notice): void {
    this.state.update({ shown: [...this.state.get().shown, notice] })
    this.timers.set(
      notice.number,
      setTimeout(() => this.close(notice.number), SHOWN_FOR),
    )
  }
}

function isSeen(notice: Notice): boolean {
  return SEEN.has(notice.kind) || (notice.kind === 'chat' && notice.message.kind === 'broadcast')
}
