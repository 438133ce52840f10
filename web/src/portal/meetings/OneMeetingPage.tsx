import { Alert, Anchor, Button, CopyButton, Group, Loader, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { closeMeeting, readMeeting, type ScheduledMeeting } from '../../api/scheduling'
import { Agenda } from '../../meeting/Agenda'
import { IconArrowLeft, IconCheck, IconCopy, IconDoorEnter, IconEdit, IconTrash } from '../../ui/icons'
import { announce } from '../announce'
import { PortalFrame } from '../PortalFrame'
import { CancelDialog } from './CancelDialog'
import { InvitedList } from './InvitedList'
import { FormProblem } from './MeetingForm'
import classes from './Meetings.module.css'
import { MeetingTimes } from './MeetingTimes'
import { Summary } from './Summary'

const INTERVAL = 10_000

/** One meeting: when it is, who is invited, what has been, and what can be done with it. */
export function OneMeetingPage({ me, id }: { me: SignedIn; id: string }) {
  const { t } = useTranslation()
  const found = useQuery({
    queryKey: ['meetings', 'one', id],
    queryFn: () => readMeeting(id),
    refetchInterval: ({ state }) => (state.error ? false : INTERVAL),
    retry: false,
  })
  const meeting = found.data
  return (
    <PortalFrame me={me} title={meeting?.topic ?? t('scheduling.title')} current="meetings">
      <Anchor href="#/meetings" className={classes.mark} mb="sm">
        <IconArrowLeft size={16} aria-hidden />
        {t('scheduling.one.back')}
      </Anchor>
      {found.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />}
      {found.isError && <FormProblem text={t('scheduling.one.failed', { message: found.error.message })} />}
      {meeting && !found.isError && <Shown meeting={meeting} />}
    </PortalFrame>
  )
}

function Shown({ meeting }: { meeting: ScheduledMeeting }) {
  const { t } = useTranslation()
  const { id, number, link, topic, agenda, state } = meeting
  const [isCanceling, setCanceling] = useState(false)
  return (
    <article data-testid="scheduled-meeting" data-name={topic} data-state={state}>
      <Title order={1} size="h2" className={classes.topic} mb="xs">
        <bdi>{topic}</bdi>
      </Title>
      <MeetingTimes meeting={meeting} />
      <Group gap="xs" my="md">
        {state !== 'over' && (
          <Button
            component="a"
            href={`#/meeting/${number}`}
            leftSection={<IconDoorEnter size={16} aria-hidden />}
            data-testid="enter-meeting"
          >
            {t('scheduling.one.enter')}
          </Button>
        )}
        <CopyButton value={link} timeout={2_000}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              onClick={copy}
              data-testid="copy-meeting-link"
              data-link={link}
            >
              {t(copied ? 'scheduling.one.copied' : 'scheduling.one.copyLink')}
            </Button>
          )}
        </CopyButton>
        <Button
          component="a"
          href={`#/meetings/one/${id}/change`}
          variant="default"
          leftSection={<IconEdit size={16} aria-hidden />}
          data-testid="change-meeting"
        >
          {t('scheduling.one.change')}
        </Button>
        {state === 'on' && <Closing meeting={meeting} />}
        <Button
          variant="subtle"
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => setCanceling(true)}
          data-testid="cancel-meeting"
        >
          {t('scheduling.one.cancel')}
        </Button>
      </Group>
      {agenda && <Agenda text={agenda} />}
      <InvitedList meeting={meeting} />
      <Summary meeting={meeting} />
      {isCanceling && <CancelDialog meeting={meeting} onClose={() => setCanceling(false)} />}
    </article>
  )
}

function Closing({ meeting }: { meeting: ScheduledMeeting }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const mutationKey = ['close-meeting']
  const closing = useMutation({
    mutationKey,
    mutationFn: () => closeMeeting(meeting.id),
    onSuccess: async () => {
      announce(t('scheduling.one.closed', { topic: meeting.topic }))
      await queries.invalidateQueries({ queryKey: ['meetings'] })
    },
  })
  if (!asking) {
    return (
      <Button variant="default" onClick={() => setAsking(true)} data-testid="close-meeting">
        {t('scheduling.one.close')}
      </Button>
    )
  }
  return (
    <Alert color="red" variant="light" role="alertdialog" aria-label={t('scheduling.one.close')}>
      <Text mb="xs">{t('scheduling.one.closeConfirm')}</Text>
      {closing.error && <FormProblem text={closing.error.message} />}
      <Group gap="xs">
        <Button
          size="xs"
          color="red"
          loading={closing.isPending}
          onClick={() => queries.isMutating({ mutationKey }) || closing.mutate()}
          data-testid="confirm-close"
        >
          {t('scheduling.one.close')}
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsking(false)}>
          {t('common.cancel')}
        </Button>
      </Group>
    </Alert>
  )
}
