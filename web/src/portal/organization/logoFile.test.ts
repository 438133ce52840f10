import { expect, test } from 'vitest'
import { base64Of, typeOf } from './logoFile'

test('a picture is known by how it begins', () => {
  expect(typeOf(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))).toBe('image/png')
  expect(typeOf(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).toBe('image/jpeg')
  expect(typeOf(new TextEncoder().encode('GIF8'))).toBe('image/gif')
  for (const other of ['<svg', 'RIFF', '', 'GI']) expect(typeOf(new TextEncoder().encode(other))).toBeNull()
})

test('what is sent is what follows the comma', () => {
  expect(base64Of('data:image/png;base64,iVBO')).toBe('iVBO')
})
