import { Checkbox, NativeSelect, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Administration, SignedIn } from '../../api/account'
import classes from './People.module.css'
import {
  brought,
  PERMISSION_TREE,
  type PermissionNode,
  ROLES,
  type RoleName,
  roleOf,
  toggled,
} from './permissionTree'

interface PermissionsFieldProps {
  me: SignedIn
  value: ReadonlySet<Administration>
  onChange: (value: Set<Administration>) => void
  disabled?: boolean
}

const ROLE_NAMES = Object.keys(ROLES) as RoleName[]
const SINGLE = 'single'

/** Field for what a person may administer: a role, or single permissions in their tree. */
export function PermissionsField({ me, value, onChange, disabled = false }: PermissionsFieldProps) {
  const { t } = useTranslation()
  const role = roleOf(value)
  const [isTree, setTree] = useState(role === null)
  const mayGive = (name: RoleName) => [...brought(ROLES[name])].every(one => me.permissions.has(one))
  return (
    <Stack gap="xs">
      <NativeSelect
        label={t('directory.roleLabel')}
        value={isTree || role === null ? SINGLE : role}
        disabled={disabled}
        onChange={event => {
          const chosen = ROLE_NAMES.find(name => name === event.currentTarget.value)
          setTree(!chosen)
          if (chosen) onChange(brought(ROLES[chosen]))
        }}
        data={[
          ...ROLE_NAMES.map(name => ({
            value: name,
            label: t(`directory.role.${name}`),
            disabled: !mayGive(name),
          })),
          { value: SINGLE, label: t('directory.role.other') },
        ]}
        data-testid="person-role"
      />
      {!isTree && role && (
        <Text size="sm" c="var(--sr-muted)">
          {t(`directory.roleHint.${role}`)}
        </Text>
      )}
      {(isTree || role === null) && (
        <fieldset disabled={disabled} style={{ border: 0, margin: 0, padding: 0 }}>
          <legend className="sr-only">{t('directory.permissions')}</legend>
          <Tree nodes={PERMISSION_TREE} me={me} value={value} onChange={onChange} />
        </fieldset>
      )}
    </Stack>
  )
}

interface TreeProps {
  nodes: readonly PermissionNode[]
  me: SignedIn
  value: ReadonlySet<Administration>
  onChange: (value: Set<Administration>) => void
}

function Tree({ nodes, me, value, onChange }: TreeProps) {
  const { t } = useTranslation()
  return (
    <ul className={classes.tree}>
      {nodes.map(({ name, children }) => (
        <li key={name}>
          <Checkbox
            label={t(`permission.${name}`)}
            checked={value.has(name)}
            // Nobody gives or takes what they have not themselves.
            disabled={!me.permissions.has(name)}
            onChange={event => onChange(toggled(value, name, event.currentTarget.checked))}
            data-testid="permission"
            data-name={name}
          />
          {children.length > 0 && <Tree nodes={children} me={me} value={value} onChange={onChange} />}
        </li>
      ))}
    </ul>
  )
}
