import i18next from 'i18next'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startI18n } from '.'
import { isolated } from './isolation'

const HEBREW = 'אדם בן חוה'

describe('what people typed, within a sentence', () => {
  beforeAll(() => {
    vi.stubGlobal('navigator', { languages: ['en'] })
    vi.stubGlobal('document', { documentElement: {} })
    startI18n()
  })
  afterAll(() => vi.unstubAllGlobals())

  it('is isolated when it runs from right to left', () => {
    expect(isolated(HEBREW)).toBe(`\u2068${HEBREW}\u2069`)
    expect(isolated('سارة 1')).toBe('\u2068سارة 1\u2069')
    expect(isolated('Ada')).toBe('Ada')
  })

  it('cannot end its isolation, nor turn what is around it', () => {
    expect(isolated(`\u2069\u202e${HEBREW}`)).toBe(`\u2068${HEBREW}\u2069`)
    expect(isolated('\u202egro.elpmaxe')).toBe('gro.elpmaxe')
  })

  it('is isolated wherever a text has it', () => {
    expect(i18next.t('notice.joined', { name: HEBREW })).toBe(`\u2068${HEBREW}\u2069 has joined.`)
    expect(i18next.t('people.remove', { name: HEBREW })).toBe('Remove from the room')
    expect(i18next.t('links.title', { room: '<b>"R&D"</b> $1' })).toBe('Links to <b>"R&D"</b> $1')
    expect(i18next.t('room.participants', { count: 3 })).toBe('3 people')
  })
})
