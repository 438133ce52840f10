import type { Administration } from '../../api/account'

/** A permission in the tree of administration, with those it brings along. */
export interface PermissionNode {
  name: Administration
  children: readonly PermissionNode[]
}

const leaf = (name: Administration): PermissionNode => ({ name, children: [] })

/** The tree: a permission brings those below it; any can be given by itself. */
export const PERMISSION_TREE: readonly PermissionNode[] = [
  {
    name: 'MANAGE_COMPANY',
    children: [
      {
        name: 'USER_ADMIN',
        children: [leaf('USER_LIST'), leaf('USER_CREATE'), leaf('USER_INVITE'), leaf('GRANT_PERMISSIONS')],
      },
      leaf('USER_SHOW'),
      { name: 'ROOM_ADMIN', children: [leaf('ROOM_LIST'), leaf('ROOM_CREATE')] },
      { name: 'COMPANY_ADMIN', children: [leaf('COMPANY_LIST')] },
    ],
  },
  leaf('MANAGE_BILLING'),
]

/** Roles, each with what it may administer. */
export const ROLES = {
  administrator: ['MANAGE_COMPANY'],
  people: ['USER_ADMIN'],
  rooms: ['ROOM_ADMIN'],
  member: [],
} as const satisfies Record<string, readonly Administration[]>

export type RoleName = keyof typeof ROLES

/** The names of a node and of all below it. */
export function withChildren({ name, children }: PermissionNode): Administration[] {
  return [name, ...children.flatMap(withChildren)]
}

function nodeOf(name: Administration, nodes = PERMISSION_TREE): PermissionNode | null {
  for (const node of nodes) {
    const found = node.name === name ? node : nodeOf(name, node.children)
    if (found) return found
  }
  return null
}

/** All that somebody may do who is given these. */
export function brought(names: readonly Administration[]): Set<Administration> {
  return new Set(names.flatMap(name => withChildren(nodeOf(name) ?? { name, children: [] })))
}

/** The role that has exactly these permissions, but for the bills; null for another set. */
export function roleOf(permissions: ReadonlySet<Administration>): RoleName | null {
  const counted = [...permissions].filter(name => name !== 'MANAGE_BILLING')
  const names = Object.keys(ROLES) as RoleName[]
  return (
    names.find(name => {
      const own = brought(ROLES[name])
      return own.size === counted.length && counted.every(one => own.has(one))
    }) ?? null
  )
}

/** Gives or takes a permission: given, it brings those below it; taken, those above it go too, which would bring it. */
export function toggled(
  permissions: ReadonlySet<Administration>,
  name: Administration,
  isGiven: boolean,
): Set<Administration> {
  if (isGiven) return new Set([...permissions, ...brought([name])])
  const gone = new Set([...brought([name]), ...above(name)])
  return new Set([...permissions].filter(one => !gone.has(one)))
}

function above(name: Administration, nodes = PERMISSION_TREE): Administration[] {
  return nodes.flatMap(node =>
    node.name !== name && withChildren(node).includes(name) ? [node.name, ...above(name, node.children)] : [],
  )
}

/** Permissions that differ between two sets, each with whether it is given in the second one. */
export function difference(
  before: ReadonlySet<Administration>,
  after: ReadonlySet<Administration>,
): Record<string, boolean> {
  const all = new Set([...before, ...after])
  return Object.fromEntries(
    [...all].filter(name => before.has(name) !== after.has(name)).map(name => [name, after.has(name)]),
  )
}

/** Permissions with a difference made to them, as `difference` tells it; others stay. */
export function withDifference(
  permissions: ReadonlySet<Administration>,
  made: Partial<Record<Administration, boolean>>,
): Set<Administration> {
  const all = new Set(permissions)
  for (const [name, isGiven] of Object.entries(made) as [Administration, boolean][]) {
    if (isGiven) all.add(name)
    else all.delete(name)
  }
  return all
}
