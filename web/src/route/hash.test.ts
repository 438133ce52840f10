import { expect, it } from 'vitest'
import { parseRoute } from './hash'

it.each([
  ['', { page: 'portal', name: 'home', rest: [] }],
  ['#/', { page: 'portal', name: 'home', rest: [] }],
  ['#/people', { page: 'portal', name: 'people', rest: [] }],
  ['#/organization/events', { page: 'portal', name: 'organization', rest: ['events'] }],
  ['#/login', { page: 'login' }],
  ['#/room/abc', { page: 'room', roomId: 'abc' }],
  ['#/join/C/R/K/v2', { page: 'join', link: { companyId: 'C', roomId: 'R', accessKey: 'K' } }],
  ['#/join/C/R/K', { page: 'join', link: { companyId: 'C', roomId: 'R', accessKey: 'K' } }],
  ['#/join/C/R', { page: 'unknown' }],
  ['#/password/K', { page: 'password', key: 'K' }],
  ['#/password', { page: 'password', key: '' }],
  ['#/meeting/1234-5678-9012-3456', { page: 'meeting', number: '1234567890123456', key: '' }],
  ['#/meeting/1234567890123456/K', { page: 'meeting', number: '1234567890123456', key: 'K' }],
  ['#/meeting', { page: 'unknown' }],
  ['#/elsewhere', { page: 'unknown' }],
  ['#/room/%E0%A4%A', { page: 'room', roomId: '%E0%A4%A' }],
])('%s', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route)
})
