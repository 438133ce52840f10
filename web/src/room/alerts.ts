import type { TFunction } from 'i18next'
import { isolated } from '../i18n/isolation'
import { log } from '../log'
import { loadSettings } from '../media/settings'
import { playNotes } from '../media/testSound'
import { noticeText } from './noticeText'
import type { RoomSession } from './session'
import type { Notice } from './state'

const NOTE_SECONDS = 0.12
/** Two tunes that are told apart, in Hz. */
const TUNES = { hand: [659.25, 880], waiting: [587.33, 440, 587.33] } as const

/** Kinds of notices that are told to a person who does not look at the page. */
const TOLD = new Set<Notice['kind']>([
  'chat',
  'moderated',
  'permitted',
  'everybody',
  'rules',
  'recorded',
  'unrecorded',
])

/** Whether this browser can tell of something outside its window. */
export function canNotify(): boolean {
  return 'Notification' in window && window.isSecureContext
}

/** Asks the person whether the browser may; resolves to what they say. Needs a click to be asked. */
export async function mayNotify(): Promise<boolean> {
  if (!canNotify()) return false
  return (await Notification.requestPermission()) === 'granted'
}

/** Makes what has happened heard, and seen where the page is hidden. */
export function alert(t: TFunction, session: RoomSession, notices: readonly Notice[]): void {
  const { self, room } = session.state.get()
  const moderates = self?.isModerator ?? false
  const { sounds, notifications } = loadSettings()
  const calls = notices.filter(({ kind }) => kind === 'hand' || kind === 'waiting')
  const last = calls.at(-1)
  if (moderates && sounds && last) {
    const { speaker } = session.local.state.get().chosen
    const tune = TUNES[last.kind === 'waiting' ? 'waiting' : 'hand']
    playNotes(tune, NOTE_SECONDS, speaker).catch((error: unknown) => log.info('sound', error))
  }
  if (!document.hidden || !notifications || !canNotify() || Notification.permission !== 'granted') return
  const told = notices.filter(notice => TOLD.has(notice.kind) || (moderates && calls.includes(notice)))
  if (!told.length) return
  const body = told.map(notice => noticeText(t, notice)).join(' ')
  try {
    const notification = new Notification(isolated(room?.displayName ?? ''), { body, tag: 'switchroom' })
    notification.onclick = () => {
      window.focus()
      notification.close()
    }
  } catch (error) {
    // Phones have them for service workers only.
    log.info('notification', error)
  }
}
