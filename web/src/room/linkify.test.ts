import { expect, it } from 'vitest'
import { linkify } from './linkify'

const links = (text: string) => linkify(text).flatMap(({ href }) => (href ? [href] : []))

it('keeps every character of the text', () => {
  const text = 'see https://example.org/a?b=1&c=2, or (http://example.org/x_(y)) — ok?'
  expect(
    linkify(text)
      .map(part => part.text)
      .join(''),
  ).toBe(text)
})

it.each([
  ['plain text', []],
  ['https://example.org', ['https://example.org/']],
  ['Look: https://example.org/a.', ['https://example.org/a']],
  ['(https://example.org/a)', ['https://example.org/a']],
  ['https://example.org/x_(y)', ['https://example.org/x_(y)']],
  ['http://a.example http://b.example', ['http://a.example/', 'http://b.example/']],
  ['javascript:alert(1)', []],
  ['data:text/html,x ftp://x.example', []],
  ['https://', []],
  ['"https://example.org/<b>"', ['https://example.org/']],
])('%s', (text, expected) => {
  expect(links(text)).toEqual(expected)
})
