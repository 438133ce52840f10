import { Alert, Button, Group, List, Loader, Radio, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { CHANGED_MEANWHILE, changeMeeting, readMeeting, type ScheduledMeeting } from '../../api/scheduling'
import { formatSpan } from '../../meeting/times'
import { navigate } from '../../route/hash'
import { announce } from '../announce'
import { PortalFrame } from '../PortalFrame'
import { changedWish, differences, type Entries, type EntryName, entriesOf, recurs } from './entries'
import { FormProblem, MeetingForm } from './MeetingForm'
import { codeOf, problemsOf } from './problems'
import { useUnsavedQuestion } from './useUnsavedQuestion'

/** Changes a meeting: of a series all its times, or the one that was chosen. */
export function ChangeMeetingPage({ me, id }: { me: SignedIn; id: string }) {
  const { t } = useTranslation()
  const found = useQuery({
    queryKey: ['meetings', 'to-change', id],
    queryFn: () => readMeeting(id),
    retry: false,
    refetchOnWindowFocus: false,
    gcTime: 0,
  })
  const title = found.data ? t('scheduling.form.changeTitle', { topic: found.data.topic }) : ''
  return (
    <PortalFrame me={me} title={title || t('scheduling.title')} current="meetings">
      {found.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" my="xl" />}
      {found.isError && <FormProblem text={t('scheduling.one.failed', { message: found.error.message })} />}
      {found.data && (
        <>
          <Title order={1} size="h2" mb="md">
            {title}
          </Title>
          <Changing me={me} atFirst={found.data} />
        </>
      )}
    </PortalFrame>
  )
}

const MUTATION = ['change-meeting']

function Changing({ me, atFirst }: { me: SignedIn; atFirst: ScheduledMeeting }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  /** Meeting that the entries were made of, which is what a change is about. */
  const [seen, setSeen] = useState(atFirst)
  const [entries, setEntries] = useState(() => entriesOf(atFirst))
  const [ofSeries, setOfSeries] = useState(false)
  /** Meeting as it has become meanwhile, when somebody else was first; `gone` when it was called off. */
  const [theirs, setTheirs] = useState<ScheduledMeeting | 'gone' | null>(null)
  const [isNothing, setNothing] = useState(false)
  const isSeries = recurs(seen)
  const whole = !isSeries || ofSeries
  const back = `#/meetings/one/${seen.id}`
  const changing = useMutation({
    mutationKey: MUTATION,
    mutationFn: ({ base, before }: { base: ScheduledMeeting; before: Entries }) =>
      changeMeeting(base, whole, changedWish(before, entries, whole)),
    onSuccess: async changed => {
      await queries.invalidateQueries({ queryKey: ['meetings'] })
      announce(t('scheduling.form.changed', { topic: changed.topic }))
      navigate(`#/meetings/one/${changed.id}`)
    },
    onError: async error => {
      if (codeOf(error) !== CHANGED_MEANWHILE) return
      setTheirs(await readMeeting(seen.id).catch(() => 'gone' as const))
    },
  })
  const before = entriesOf(seen)
  useUnsavedQuestion(differences(before, entries).length > 0 && !changing.isSuccess)
  const save = (base: ScheduledMeeting) => {
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey: MUTATION }) || changing.isSuccess) return
    const isSame = Object.keys(changedWish(before, entries, whole)).length === 0
    setNothing(isSame)
    if (!isSame) changing.mutate({ base, before })
  }
  const takeTheirs = (now: ScheduledMeeting) => {
    setSeen(now)
    setEntries(entriesOf(now))
    setTheirs(null)
    changing.reset()
  }
  const failed = changing.error && codeOf(changing.error) !== CHANGED_MEANWHILE ? changing.error : null
  return (
    <MeetingForm
      me={me}
      entries={entries}
      onEntries={setEntries}
      ofOneTime={!whole}
      problems={problemsOf(failed)}
      isPending={changing.isPending || changing.isSuccess}
      submitLabel={t('scheduling.form.save')}
      back={back}
      above={
        isSeries && (
          <Radio.Group
            label={t('scheduling.form.scope')}
            description={whole ? undefined : t('scheduling.form.oneHint')}
            value={ofSeries ? 'series' : 'one'}
            onChange={value => setOfSeries(value === 'series')}
            mb="md"
          >
            <Group mt="xs">
              <Radio
                value="one"
                label={t('scheduling.form.one', { time: formatSpan(seen.start, seen.end) })}
                data-testid="scope-one"
              />
              <Radio value="series" label={t('scheduling.form.series')} data-testid="scope-series" />
            </Group>
          </Radio.Group>
        )
      }
      below={
        <>
          {theirs && <Meanwhile before={before} theirs={theirs} onTake={takeTheirs} onSave={save} />}
          {failed && <FormProblem text={t('scheduling.form.failed', { message: failed.message })} />}
          {isNothing && (
            <Text mb="sm" role="status">
              {t('scheduling.form.nothing')}
            </Text>
          )}
          {seen.invitees.length > 0 && (
            <Text size="sm" c="var(--sr-muted)" mb="sm">
              {t('scheduling.form.told')}
            </Text>
          )}
        </>
      }
      onSubmit={() => save(theirs && theirs !== 'gone' ? theirs : seen)}
    />
  )
}

interface MeanwhileProps {
  before: Entries
  theirs: ScheduledMeeting | 'gone'
  onTake: (now: ScheduledMeeting) => void
  onSave: (now: ScheduledMeeting) => void
}

const LABELS: Record<EntryName, string> = {
  topic: 'topic',
  day: 'day',
  time: 'time',
  timezone: 'timezone',
  minutes: 'minutes',
  kind: 'kind',
  isRecorded: 'recorded',
  earlyAccessMinutes: 'early',
  agenda: 'agenda',
  repetition: 'repetition',
  invitees: 'who',
}

/** Says what somebody else has changed, and what can be done. */
function Meanwhile({ before, theirs, onTake, onSave }: MeanwhileProps) {
  const { t } = useTranslation()
  if (theirs === 'gone') return <FormProblem text={t('scheduling.form.gone')} />
  const now = entriesOf(theirs)
  const names = differences(before, now)
  const label = (name: EntryName) => t(`scheduling.form.${LABELS[name] as 'topic'}`)
  return (
    <Alert color="orange" role="alert" mb="md" data-testid="changed-meanwhile">
      <Text fw={600}>{t('scheduling.form.meanwhile')}</Text>
      <List size="sm" my="xs">
        {names.map(name => {
          const value = now[name]
          return (
            <List.Item key={name}>
              {typeof value === 'string' && value.length < 200 && name !== 'kind'
                ? t('scheduling.form.meanwhileNow', { name: label(name), value })
                : typeof value === 'number'
                  ? t('scheduling.form.meanwhileNow', { name: label(name), value: String(value) })
                  : t('scheduling.form.meanwhileOther', { name: label(name) })}
            </List.Item>
          )
        })}
        {names.length === 0 && <List.Item>{t('scheduling.form.meanwhileNothing')}</List.Item>}
      </List>
      <Group gap="xs">
        <Button size="xs" onClick={() => onTake(theirs)} data-testid="take-theirs">
          {t('scheduling.form.takeTheirs')}
        </Button>
        <Button size="xs" variant="default" onClick={() => onSave(theirs)} data-testid="save-mine">
          {t('scheduling.form.saveMine')}
        </Button>
      </Group>
    </Alert>
  )
}
