import { Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { PortalFrame } from '../PortalFrame'
import { useCurrentInView } from '../useCurrentInView'
import { BrandingSettings } from './BrandingSettings'
import { EventLog } from './EventLog'
import { GeneralSettings } from './GeneralSettings'
import { HookList } from './HookList'
import { KeyList } from './KeyList'
import classes from './Organization.module.css'
import { PermissionGroups } from './PermissionGroups'
import { Statistics } from './Statistics'

const PARTS = ['general', 'branding', 'groups', 'keys', 'webhooks', 'events', 'statistics'] as const
type Part = (typeof PARTS)[number]

interface OrganizationPageProps {
  me: SignedIn
  /** Part that is shown, as the address names it. */
  part: string | undefined
}

/** The organization: its settings, the keys of its programs, web hooks and the event log, each at an address. */
export function OrganizationPage({ me, part }: OrganizationPageProps) {
  const { t } = useTranslation()
  const parted = useCurrentInView(part)
  const manages = me.permissions.has('MANAGE_COMPANY')
  // Keys, hooks and events are for those who may do everything here.
  const parts: readonly Part[] = manages ? PARTS : ['general', 'branding']
  const shown = parts.find(one => one === part) ?? 'general'
  return (
    <PortalFrame me={me} title={t(`organization.part.${shown}`)} current="organization">
      <Title order={1} size="h2" mb="xs">
        {t('portal.page.organization')}
      </Title>
      {parts.length > 1 && (
        <nav aria-label={t('portal.page.organization')} ref={parted}>
          <ul className={classes.parts}>
            {parts.map(one => (
              <li key={one}>
                <a
                  href={`#/organization/${one}`}
                  className={classes.part}
                  aria-current={one === shown ? 'page' : undefined}
                  data-testid="organization-part"
                  data-name={one}
                >
                  {t(`organization.part.${one}`)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <Title order={2} size="h3" mb={4}>
        {t(`organization.part.${shown}`)}
      </Title>
      <Text c="var(--sr-muted)" mb="md">
        {t(`organization.lead.${shown}`)}
      </Text>
      {shown === 'general' && <GeneralSettings me={me} />}
      {shown === 'branding' && <BrandingSettings me={me} />}
      {shown === 'groups' && <PermissionGroups me={me} />}
      {shown === 'keys' && <KeyList me={me} />}
      {shown === 'webhooks' && <HookList me={me} />}
      {shown === 'events' && <EventLog me={me} />}
      {shown === 'statistics' && <Statistics me={me} />}
    </PortalFrame>
  )
}
