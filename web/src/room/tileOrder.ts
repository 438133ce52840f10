import type { Participant } from '../signalling/messages'

export interface Order {
  /** Id of the participant whom the person at this page has pinned. */
  pinned: string | null
  /** Ids of the participants who have spoken, the last to begin last. */
  spoken: readonly string[]
}

/** Participants in the order of the grid: the pinned one, those with a camera, the others. If there are more
 * than `inView`, the last speakers are among the first `inView`. */
export function gridOrder(
  participants: readonly Participant[],
  { pinned, spoken }: Order,
  inView: number,
): Participant[] {
  const base = [
    ...participants.filter(({ id }) => id === pinned),
    ...participants.filter(({ id, camera }) => id !== pinned && camera),
    ...participants.filter(({ id, camera }) => id !== pinned && !camera),
  ]
  if (base.length <= inView) return base
  const known = new Map(base.map(one => [one.id, one]))
  const first = new Set<string>(pinned !== null && known.has(pinned) ? [pinned] : [])
  for (const id of spoken.toReversed()) if (first.size < inView && known.has(id)) first.add(id)
  for (const { id } of base) if (first.size < inView) first.add(id)
  return [...base.filter(({ id }) => first.has(id)), ...base.filter(({ id }) => !first.has(id))]
}

/** The row beside a shared screen: who is pinned, who shares, raised hands as they were raised, then who spoke last. */
export function stripOrder(
  participants: readonly Participant[],
  { pinned, spoken }: Order,
  sharerId: string,
): Participant[] {
  const last = new Map(spoken.map((id, at) => [id, at]))
  const rank = ({ id, handRaisedAt }: Participant): [number, number] => {
    if (id === pinned) return [0, 0]
    if (id === sharerId) return [1, 0]
    if (handRaisedAt) return [2, Date.parse(handRaisedAt)]
    return last.has(id) ? [3, -(last.get(id) ?? 0)] : [4, 0]
  }
  const ranked = participants.map(one => ({ one, rank: rank(one) }))
  ranked.sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1])
  return ranked.map(({ one }) => one)
}

const SPEAKERS_KEPT = 50

/** Ids of the participants who have spoken, with those who speak now at the end. */
export function spokenNow(before: readonly string[], speaking: ReadonlySet<string>): readonly string[] {
  const fresh = [...speaking].filter(id => !before.slice(-speaking.size).includes(id))
  if (!fresh.length) return before
  return [...before.filter(id => !fresh.includes(id)), ...fresh].slice(-SPEAKERS_KEPT)
}
