import { expect, it } from 'vitest'
import type { Administration } from '../../api/account'
import { brought, difference, ROLES, type RoleName, roleOf, toggled } from './permissionTree'

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
