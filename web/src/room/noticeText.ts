import type { TFunction } from 'i18next'
import { formatList } from '../i18n/format'
import type { Notice } from './state'

const MODERATED = {
  mute: 'notice.mute',
  'stop-video': 'notice.stopVideo',
  'stop-screen': 'notice.stopScreen',
  'lower-hand': 'notice.lowerHand',
} as const

const LEFT = {
  left: 'left',
  lost: 'lost',
  removed: 'removed',
  replaced: 'left',
  meeting_over: 'left',
  session_over: 'left',
} as const

const SIMPLE = {
  reconnecting: 'notice.reconnecting',
  reconnected: 'notice.reconnected',
  'media-away': 'notice.mediaAway',
  'media-back': 'notice.mediaBack',
} as const

function sentence(
  t: TFunction,
  words: 'notice.given' | 'notice.taken' | 'notice.allGiven' | 'notice.allTaken',
  name: string,
  grants: readonly ('voice' | 'video' | 'screen' | 'chat' | 'promote')[],
): string[] {
  return grants.length
    ? [
        t(words, {
          name,
          what: formatList(grants.map(grant => t(`notice.${isOfAll(words) ? 'all' : 'may'}.${grant}`))),
        }),
      ]
    : []
}

function isOfAll(words: string): boolean {
  return words.startsWith('notice.all')
}

/** A notice as a sentence, or two. */
export function noticeText(t: TFunction, notice: Notice): string {
  switch (notice.kind) {
    case 'joined':
    case 'hand':
    case 'sharing':
    case 'waiting':
      return t(`notice.${notice.kind}`, { name: notice.name })
    case 'left':
      return t(`notice.${LEFT[notice.reason]}`, { name: notice.name })
    case 'chat':
      return t('notice.chat', { name: notice.message.fromName, text: notice.message.text.slice(0, 300) })
    case 'moderated':
      return t(MODERATED[notice.action], { name: notice.byName })
    case 'permitted':
      return [
        ...sentence(t, 'notice.given', notice.byName, notice.given),
        ...sentence(t, 'notice.taken', notice.byName, notice.taken),
      ].join(' ')
    case 'rules':
      return [
        ...sentence(t, 'notice.allGiven', notice.byName, notice.given),
        ...sentence(t, 'notice.allTaken', notice.byName, notice.taken),
      ].join(' ')
    case 'everybody':
      if (notice.isConcerned) return t(MODERATED[notice.action], { name: notice.byName })
      return t(notice.action === 'mute' ? 'notice.muteAll' : 'notice.lowerAll', { name: notice.byName })
    case 'locked':
    case 'unlocked':
    case 'recorded':
    case 'unrecorded':
      return t(`notice.${notice.kind}`, { name: notice.byName })
    case 'failed':
      if (notice.code === 'not_allowed') return t('notice.notAllowed')
      if (notice.code === 'room_full') return t('notice.full')
      if (notice.code === 'recording_unavailable') return t('notice.recordingUnavailable')
      return t('notice.failed', { code: notice.code })
    default:
      return t(SIMPLE[notice.kind])
  }
}
