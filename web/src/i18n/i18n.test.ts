import { describe, expect, it } from 'vitest'
import { preferredLanguage } from '.'
import { de } from './de'
import { en } from './en'

type Tree = { [key: string]: string | Tree }

function texts(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[`${path}${key}`, value] as [string, string]]
      : texts(value, `${path}${key}.`),
  )
}

const placeholders = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(match => match[1]).sort()

describe('the translations', () => {
  const german = new Map(texts(de))

  it.each(texts(en))('%s has the same placeholders in German', (key, english) => {
    expect(placeholders(german.get(key) ?? '')).toEqual(placeholders(english))
  })

  it('call nobody "du"', () => {
    const familiar = [...german.values()].filter(text => /\b(du|dich|dir|dein\w*)\b/i.test(text))
    expect(familiar).toEqual([])
  })
})

describe('the language', () => {
  it.each([
    [null, ['de-AT', 'en'], 'de'],
    [null, ['fr', 'de'], 'de'],
    [null, ['fr'], 'en'],
    ['de', ['en'], 'de'],
    ['xx', ['en-US'], 'en'],
  ] as const)('stored %s, browser %j: %s', (stored, preferred, expected) => {
    expect(preferredLanguage(stored, preferred)).toBe(expected)
  })
})
