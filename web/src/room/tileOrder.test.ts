import { describe, expect, it } from 'vitest'
import type { Participant } from '../signalling/messages'
import { gridOrder, spokenNow, stripOrder } from './tileOrder'

function person(id: string, change: Partial<Participant> = {}): Participant {
  return {
    id,
    userId: id,
    displayName: id,
    isGuest: false,
    isModerator: false,
    isSpectator: false,
    microphone: false,
    camera: true,
    screen: false,
    state: 'connected',
    ...change,
  }
}

const ids = (people: Participant[]) => people.map(({ id }) => id).join('')
const some = [...'abcdef'].map(id => person(id))

describe('the order of the grid', () => {
  it('is that of coming, those who show themselves first, as long as all are in view', () => {
    const people = [person('a', { camera: false }), person('b'), person('c')]
    expect(ids(gridOrder(people, { pinned: null, spoken: ['c'] }, 3))).toBe('bca')
  })

  it('brings whoever spoke last into view, and moves nobody who is', () => {
    expect(ids(gridOrder(some, { pinned: null, spoken: [] }, 3))).toBe('abcdef')
    expect(ids(gridOrder(some, { pinned: null, spoken: ['f'] }, 3))).toBe('abfcde')
    expect(ids(gridOrder(some, { pinned: null, spoken: ['f', 'b', 'e', 'd'] }, 3))).toBe('bdeacf')
  })

  it('brings speakers without a camera into view as well', () => {
    const people = [...some, person('g', { camera: false })]
    expect(ids(gridOrder(people, { pinned: null, spoken: ['g'] }, 3))).toBe('abgcdef')
  })

  it('keeps who is pinned in front, and forgets who has gone', () => {
    expect(ids(gridOrder(some, { pinned: 'e', spoken: ['f', 'x'] }, 3))).toBe('eafbcd')
  })
})

describe('the row beside a shared screen', () => {
  it('begins with who is pinned, who shares, and raised hands as they were raised', () => {
    const people = some.map(one => {
      if (one.id === 'b') return { ...one, handRaisedAt: '2026-01-01T10:00:05Z' }
      if (one.id === 'd') return { ...one, handRaisedAt: '2026-01-01T10:00:01Z' }
      return one
    })
    expect(ids(stripOrder(people, { pinned: null, spoken: ['f'] }, 'c'))).toBe('cdbfae')
    expect(ids(stripOrder(people, { pinned: 'e', spoken: [] }, 'c'))).toBe('ecdbaf')
  })
})

describe('who has spoken', () => {
  it('is kept with the last at the end, and is the same while nobody begins', () => {
    const before = spokenNow([], new Set(['a', 'b']))
    expect(before).toEqual(['a', 'b'])
    expect(spokenNow(before, new Set(['b']))).toBe(before)
    expect(spokenNow(before, new Set(['a']))).toEqual(['b', 'a'])
    expect(spokenNow(before, new Set())).toBe(before)
  })
})
