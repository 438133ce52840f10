import { ActionIcon, CopyButton, Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ScheduledMeeting } from '../../api/scheduling'
import { IconCheck, IconCopy } from '../../ui/icons'
import { nameOf } from './InviteeFields'
import classes from './Meetings.module.css'

/** List of the invited people, their own links, and what has become of their mail. */
export function InvitedList({ meeting }: { meeting: ScheduledMeeting }) {
  const { t } = useTranslation()
  const { invitees, organizerEmail } = meeting
  return (
    <section aria-labelledby="invited-title">
      <Title order={2} size="h4" id="invited-title" mt="lg" mb="xs">
        {t('scheduling.people.title')}
      </Title>
      {invitees.length === 0 && <Text c="var(--sr-muted)">{t('scheduling.people.none')}</Text>}
      <ul className={classes.list} style={{ gap: 0 }}>
        {invitees.map(one => (
          <li key={one.email} className={classes.person} data-testid="invited" data-name={one.email}>
            <div className={classes.what}>
              <bdi>{nameOf(one)}</bdi>
              <Text size="sm" c="var(--sr-muted)">
                {[
                  nameOf(one) === one.email ? '' : one.email,
                  one.role === 'moderator' ? t('scheduling.people.moderator') : '',
                  t(`scheduling.people.mail.${one.mail}`),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
            </div>
            <CopyButton value={one.link} timeout={2_000}>
              {({ copied, copy }) => (
                <ActionIcon
                  size={34}
                  variant="default"
                  aria-label={
                    copied
                      ? t('scheduling.one.copied')
                      : t('scheduling.people.copyLink', { name: nameOf(one) })
                  }
                  title={t('scheduling.people.copyLink', { name: nameOf(one) })}
                  onClick={copy}
                  data-testid="copy-personal-link"
                  data-link={one.link}
                >
                  {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                </ActionIcon>
              )}
            </CopyButton>
          </li>
        ))}
      </ul>
      {invitees.length > 0 && (
        <Text size="sm" c="var(--sr-muted)" mt="xs">
          {organizerEmail
            ? t('scheduling.people.answers', { address: organizerEmail })
            : t('scheduling.people.answersNone')}
        </Text>
      )}
    </section>
  )
}
