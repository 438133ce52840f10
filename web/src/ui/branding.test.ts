import { expect, test } from 'vitest'
import { readableOn } from './branding'

test.each([
  ['#000', '#ffffff'],
  ['#fff', '#000000'],
  ['#1864ab', '#ffffff'],
  ['#ffc857', '#000000'],
  ['#0f0', '#000000'],
  ['#00f', '#ffffff'],
  ['#767676', '#000000'],
  ['#757575', '#ffffff'],
])('what is written on %s is %s', (colour, text) => {
  expect(readableOn(colour)).toBe(text)
})
