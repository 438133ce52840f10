import { expect, test } from 'vitest'
import { documentIn } from './documents'

test('an address names a document', () => {
  expect(documentIn('#v6')).toBe('v6')
  expect(documentIn('#/client')).toBe('client')
})

test('any other is that of the first', () => {
  expect(documentIn('')).toBe('v3.0')
  expect(documentIn('#toString')).toBe('v3.0')
})
