import { Anchor, Button, Paper, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../api/account'
import { ownOrganization } from '../api/organization'
import { listPeople } from '../api/people'
import { IconCheck } from '../ui/icons'
import classes from './FirstSteps.module.css'

const KEY = 'switchroom.firstSteps'

interface FirstStepsProps {
  me: SignedIn
  hasRooms: boolean
  onNewRoom: () => void
}

/** First steps of the administrator of a new organization. Nothing once it has rooms, or they were hidden. */
export function FirstSteps({ me, hasRooms, onNewRoom }: FirstStepsProps) {
  const { t } = useTranslation()
  const [isHidden, setHidden] = useState(() => hiddenFor(me.companyId))
  const enabled = !isHidden && !hasRooms
  const people = useQuery({
    queryKey: ['people', me.companyId, 'first'],
    queryFn: () => listPeople({}),
    enabled,
  })
  const organization = useQuery({
    queryKey: ['organization', me.companyId],
    queryFn: ownOrganization,
    enabled,
  })
  if (!enabled || !people.data || !organization.data) return null
  const steps = [
    {
      name: 'settings',
      isDone: organization.data.privacyLink !== '',
      go: { href: '#/organization' },
    },
    { name: 'people', isDone: people.data.count > 1, go: { href: '#/people' } },
    { name: 'room', isDone: hasRooms, go: { onClick: onNewRoom } },
  ] as const
  const hide = () => {
    remember(me.companyId)
    setHidden(true)
  }
  return (
    <Paper
      withBorder
      p="lg"
      mb="xl"
      component="section"
      aria-labelledby="first-steps"
      data-testid="first-steps"
    >
      <Title order={2} size="h3" id="first-steps">
        {t('firstSteps.title', { name: organization.data.name })}
      </Title>
      <Text c="var(--sr-muted)">{t('firstSteps.lead')}</Text>
      <ol className={classes.steps}>
        {steps.map(({ name, isDone, go }) => (
          <li key={name} className={classes.step} data-testid="first-step" data-name={name}>
            <div>
              {'href' in go ? (
                <Anchor href={go.href} fw={600}>
                  {t(`firstSteps.${name}`)}
                </Anchor>
              ) : (
                <Anchor component="button" type="button" fw={600} onClick={go.onClick}>
                  {t(`firstSteps.${name}`)}
                </Anchor>
              )}
              {isDone && (
                <Text span size="sm" c="var(--sr-good-text)" className={classes.done}>
                  <IconCheck size={16} aria-hidden /> {t('firstSteps.done')}
                </Text>
              )}
            </div>
            <Text size="sm" c="var(--sr-muted)">
              {t(`firstSteps.${name}Hint`)}
            </Text>
          </li>
        ))}
      </ol>
      <Button variant="subtle" size="xs" onClick={hide} data-testid="hide-first-steps">
        {t('firstSteps.hide')}
      </Button>
    </Paper>
  )
}

function hiddenFor(companyId: string): boolean {
  try {
    return localStorage.getItem(KEY) === companyId
  } catch {
    return false
  }
}

function remember(companyId: string): void {
  try {
    localStorage.setItem(KEY, companyId)
  } catch {
    // Without storage they are hidden for this visit.
  }
}
