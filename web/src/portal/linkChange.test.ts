import { describe, expect, it } from 'vitest'
import { changeOf, fieldsOf, local, utc } from './linkChange'

const LINK = {
  id: 'link',
  title: 'Grace',
  displayName: 'Grace',
  email: 'grace@example.org',
  locale: 'de-AT',
  permissionGroupId: 'guests',
  validFrom: '2026-11-28T08:15:42.123Z',
}

describe('a change of a link', () => {
  const seen = fieldsOf(LINK, 'en')

  it('is nothing where nothing is different', () => {
    expect(changeOf(seen, seen)).toEqual({})
    expect(changeOf(seen, {})).toEqual({})
  })

  it('is what is different and nothing else', () => {
    const wanted = { ...seen, displayName: 'Grace H.', validUntil: '2026-11-29T10:00' }
    expect(changeOf(seen, wanted)).toEqual({ displayName: 'Grace H.', validUntil: utc('2026-11-29T10:00') })
  })

  it('leaves a time as it was that is emptied', () => {
    expect(changeOf(seen, { ...seen, validFrom: '' })).toEqual({})
  })
})

describe('the fields of a link', () => {
  it('say the language of the page where the link says none', () => {
    expect(fieldsOf({ id: 'link', title: '' }, 'en').locale).toBe('en')
    expect(fieldsOf(LINK, 'en').locale).toBe('de')
  })

  it('have times without seconds', () => {
    expect(local('2026-11-28T08:15:42.123Z')).toMatch(/^2026-11-2\dT\d\d:15$/)
    expect(local(undefined)).toBe('')
  })
})
