import type { Participant } from '../signalling/messages'

type Named = Pick<Participant, 'id' | 'userId' | 'displayName'>

/** People whose names read the same, numbered from 1, each the same for everybody who sees them. */
export function sameNames({
  participants,
  self,
}: {
  participants: readonly Named[]
  self: Named | null
}): ReadonlyMap<string, number> {
  const byName = new Map<string, Named[]>()
  for (const person of self ? [...participants, self] : participants) {
    const name = person.displayName.normalize('NFKC').trim().toLocaleLowerCase('en')
    byName.set(name, [...(byName.get(name) ?? []), person])
  }
  const numbers = new Map<string, number>()
  for (const people of byName.values()) {
    if (people.length < 2) continue
    people.sort((one, other) => compare(one.userId, other.userId) || compare(one.id, other.id))
    for (const [at, { id }] of people.entries()) numbers.set(id, at + 1)
  }
  return numbers
}

/** A name with its number, where others have the same. */
export function numberedName(name: string, number: number | undefined): string {
  return number === undefined ? name : `${name} (${number})`
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
