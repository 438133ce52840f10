import { Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { createMeeting } from '../../api/scheduling'
import { navigate } from '../../route/hash'
import { announce } from '../announce'
import { PortalFrame } from '../PortalFrame'
import { newEntries, wishOf } from './entries'
import { FormProblem, MeetingForm } from './MeetingForm'
import { problemsOf } from './problems'
import { useUnsavedQuestion } from './useUnsavedQuestion'

const MUTATION = ['create-meeting']

/** Makes a meeting. */
export function NewMeetingPage({ me, day }: { me: SignedIn; day: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [atFirst] = useState(() => newEntries(new Date(), day))
  const [entries, setEntries] = useState(atFirst)
  const [isDone, setDone] = useState(false)
  useUnsavedQuestion(entries !== atFirst && !isDone)
  const creation = useMutation({
    mutationKey: MUTATION,
    mutationFn: () => createMeeting(wishOf(entries)),
    onSuccess: async ({ id, topic, invitees }) => {
      setDone(true)
      await queries.invalidateQueries({ queryKey: ['meetings'] })
      announce(t(invitees.length ? 'scheduling.form.createdInviting' : 'scheduling.form.created', { topic }))
      navigate(`#/meetings/one/${id}`)
    },
  })
  const submit = () => {
    // The second click of two comes before the button is drawn as busy.
    if (!queries.isMutating({ mutationKey: MUTATION }) && !isDone) creation.mutate()
  }
  return (
    <PortalFrame me={me} title={t('scheduling.form.newTitle')} current="meetings">
      <Title order={1} size="h2" mb="md">
        {t('scheduling.form.newTitle')}
      </Title>
      <MeetingForm
        me={me}
        entries={entries}
        onEntries={setEntries}
        ofOneTime={false}
        problems={problemsOf(creation.error)}
        isPending={creation.isPending || isDone}
        submitLabel={t(entries.invitees.length ? 'scheduling.form.createInviting' : 'scheduling.form.create')}
        back="#/meetings"
        below={
          creation.error && (
            <FormProblem text={t('scheduling.form.failed', { message: creation.error.message })} />
          )
        }
        onSubmit={submit}
      />
    </PortalFrame>
  )
}
