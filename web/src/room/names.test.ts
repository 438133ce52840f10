import { describe, expect, it } from 'vitest'
import { numberedName, sameNames } from './names'

const named = (id: string, displayName: string) => ({ id, userId: `user-${id}`, displayName })

describe('people of one name', () => {
  it('are numbered alike by whoever sees them', () => {
    const [a, b, c] = [named('a', 'Anna'), named('b', 'anna '), named('c', 'Ben')]
    const expected = new Map([
      ['a', 1],
      ['b', 2],
    ])
    expect(sameNames({ participants: [b, c], self: a })).toEqual(expected)
    expect(sameNames({ participants: [c, a], self: b })).toEqual(expected)
  })

  it('have no number when they are alone with their name', () => {
    expect(sameNames({ participants: [named('a', 'Anna')], self: named('b', 'Ben') }).size).toBe(0)
    expect(numberedName('Anna', undefined)).toBe('Anna')
    expect(numberedName('Anna', 2)).toBe('Anna (2)')
  })
})
