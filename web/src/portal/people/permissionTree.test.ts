import { expect, it } from 'vitest'
import type { Administration } from '../../api/account'
import { brought, difference, ROLES, type RoleName, roleOf, toggled, withDifference } from './permissionTree'

it.each(Object.keys(ROLES) as RoleName[])('the role %s is known by its permissions', name => {
  expect(roleOf(brought(ROLES[name]))).toBe(name)
})

it('another set is no role', () => {
  expect(roleOf(new Set<Administration>(['USER_LIST']))).toBeNull()
})

it('a permission brings those below it, and goes with those above it', () => {
  const given = toggled(new Set(), 'USER_ADMIN', true)
  expect([...given].sort()).toEqual([
    'GRANT_PERMISSIONS',
    'USER_ADMIN',
    'USER_CREATE',
    'USER_INVITE',
    'USER_LIST',
  ])
  const taken = toggled(given, 'USER_INVITE', false)
  expect([...taken].sort()).toEqual(['GRANT_PERMISSIONS', 'USER_CREATE', 'USER_LIST'])
  expect(difference(given, taken)).toEqual({ USER_ADMIN: false, USER_INVITE: false })
})

it('what one has changed is changed of what another has made of them', () => {
  const before = new Set<Administration>(['USER_LIST', 'ROOM_LIST'])
  const own = difference(before, new Set<Administration>(['USER_LIST', 'COMPANY_LIST']))
  const theirs = new Set<Administration>(['USER_LIST', 'ROOM_LIST', 'MANAGE_BILLING'])
  expect([...withDifference(theirs, own)].sort()).toEqual(['COMPANY_LIST', 'MANAGE_BILLING', 'USER_LIST'])
  expect(withDifference(theirs, {})).toEqual(theirs)
})
