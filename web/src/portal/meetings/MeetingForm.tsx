import { Button, Checkbox, Group, NativeSelect, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { canRecord } from '../../api/scheduling'
import { language } from '../../i18n'
import { LOCALES } from '../../i18n/format'
import { type Entries, localEnd } from './entries'
import { InviteeFields } from './InviteeFields'
import classes from './Meetings.module.css'
import { RepetitionFields } from './RepetitionFields'

const KINDS = ['standard', 'boardroom', 'webinar'] as const
const EARLY = [0, 5, 10, 15, 30]

interface MeetingFormProps {
  me: SignedIn
  entries: Entries
  onEntries: (entries: Entries) => void
  /** Whether it is about one time of a series: then what all of them share is not shown. */
  ofOneTime: boolean
  /** By the server's names of fields, what is wrong. */
  problems: Readonly<Record<string, string>>
  isPending: boolean
  submitLabel: string
  /** Address to go to without saving. */
  back: string
  /** Contents above the fields, and above the button. */
  above?: ReactNode
  below?: ReactNode
  onSubmit: () => void
}

/** All that can be said of a meeting. */
export function MeetingForm(props: MeetingFormProps) {
  const { t } = useTranslation()
  const { me, entries, onEntries, ofOneTime, problems } = props
  const set = (change: Partial<Entries>) => onEntries({ ...entries, ...change })
  const recordable = useQuery({ queryKey: ['can-record'], queryFn: canRecord, staleTime: Infinity })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    props.onSubmit()
  }
  return (
    <form onSubmit={submit} data-testid="meeting-form">
      {props.above}
      <fieldset className={classes.section}>
        <legend className={classes.legend}>{t('scheduling.form.what')}</legend>
        <TextInput
          label={t('scheduling.form.topic')}
          value={entries.topic}
          onChange={event => set({ topic: event.currentTarget.value })}
          required
          withAsterisk={false}
          pattern=".*\S.*"
          maxLength={200}
          error={problems.topic}
          data-autofocus
          data-testid="meeting-topic"
        />
        <Textarea
          mt="sm"
          label={t('scheduling.form.agenda')}
          description={t('scheduling.form.agendaHint')}
          value={entries.agenda}
          onChange={event => set({ agenda: event.currentTarget.value })}
          autosize
          minRows={3}
          maxRows={12}
          maxLength={20_000}
          error={problems.agenda}
          data-testid="meeting-agenda"
        />
      </fieldset>
      <fieldset className={classes.section}>
        <legend className={classes.legend}>{t('scheduling.form.when')}</legend>
        <TimeFields {...{ entries, set, ofOneTime, problems }} />
        {!ofOneTime && (
          <RepetitionFields
            repetition={entries.repetition}
            onRepetition={repetition => set({ repetition })}
            problems={problems}
          />
        )}
      </fieldset>
      {!ofOneTime && (
        <>
          <fieldset className={classes.section}>
            <legend className={classes.legend}>{t('scheduling.form.who')}</legend>
            <InviteeFields
              mayFind={me.permissions.has('USER_LIST')}
              invitees={entries.invitees}
              onInvitees={invitees => set({ invitees })}
              problems={problems}
            />
          </fieldset>
          <fieldset className={classes.section}>
            <legend className={classes.legend}>{t('scheduling.form.how')}</legend>
            <div className={classes.fields}>
              <NativeSelect
                label={t('scheduling.form.kind')}
                description={t(`scheduling.kindHint.${entries.kind}`)}
                inputWrapperOrder={['label', 'input', 'description']}
                value={entries.kind}
                data={KINDS.map(value => ({ value, label: t(`scheduling.kind.${value}`) }))}
                onChange={event =>
                  set({ kind: KINDS.find(kind => kind === event.currentTarget.value) ?? 'standard' })
                }
                data-testid="meeting-kind"
              />
              <NativeSelect
                label={t('scheduling.form.early')}
                value={String(entries.earlyAccessMinutes)}
                data={[...new Set([...EARLY, entries.earlyAccessMinutes])].map(minutes => ({
                  value: String(minutes),
                  label: minutes
                    ? t('scheduling.form.earlyMinutes', { count: minutes })
                    : t('scheduling.form.earlyNone'),
                }))}
                onChange={event => set({ earlyAccessMinutes: Number(event.currentTarget.value) })}
                error={problems.earlyAccessMinutes}
                data-testid="meeting-early"
              />
              <Checkbox
                className={classes.whole}
                label={t('scheduling.form.recorded')}
                description={t(
                  recordable.data === false ? 'scheduling.form.recordedNot' : 'scheduling.form.recordedHint',
                )}
                disabled={recordable.data === false && !entries.isRecorded}
                checked={entries.isRecorded}
                onChange={event => set({ isRecorded: event.currentTarget.checked })}
                data-testid="meeting-recorded"
              />
            </div>
          </fieldset>
        </>
      )}
      {props.below}
      <Group>
        <Button type="submit" loading={props.isPending} data-testid="save-meeting">
          {props.submitLabel}
        </Button>
        <Button component="a" href={props.back} variant="default">
          {t('scheduling.form.cancel')}
        </Button>
      </Group>
    </form>
  )
}

interface TimeFieldsProps {
  entries: Entries
  set: (change: Partial<Entries>) => void
  ofOneTime: boolean
  problems: Readonly<Record<string, string>>
}

function TimeFields({ entries, set, ofOneTime, problems }: TimeFieldsProps) {
  const { t } = useTranslation()
  const end = localEnd(entries)
  const zones = useMemo(() => {
    const known = Intl.supportedValuesOf('timeZone')
    return [...new Set([...known, 'UTC', entries.timezone])].map(zone => ({
      value: zone,
      label: zone.replaceAll('_', ' '),
    }))
  }, [entries.timezone])
  return (
    <div className={classes.fields}>
      <TextInput
        type="date"
        label={t('scheduling.form.day')}
        value={entries.day}
        onChange={event => set({ day: event.currentTarget.value })}
        required
        withAsterisk={false}
        max="2099-12-31"
        error={problems.start}
        data-testid="meeting-day"
      />
      <TextInput
        type="time"
        label={t('scheduling.form.time')}
        value={entries.time}
        onChange={event => set({ time: event.currentTarget.value.slice(0, 5) })}
        required
        withAsterisk={false}
        data-testid="meeting-time"
      />
      <TextInput
        type="number"
        inputMode="numeric"
        label={t('scheduling.form.minutes')}
        description={end && t('scheduling.form.ends', { time: ending(end, entries.day) })}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        value={entries.minutes || ''}
        onChange={event => set({ minutes: Math.trunc(Number(event.currentTarget.value)) })}
        min={1}
        max={ofOneTime || entries.repetition.frequencyType === 'once' ? 20_160 : 1_440}
        required
        withAsterisk={false}
        error={problems.minutes ?? problems.end}
        data-testid="meeting-minutes"
      />
      {!ofOneTime && (
        <NativeSelect
          label={t('scheduling.form.timezone')}
          value={entries.timezone}
          data={zones}
          onChange={event => set({ timezone: event.currentTarget.value })}
          error={problems.timezone}
          data-testid="meeting-timezone"
        />
      )}
    </div>
  )
}

/** A time on the clock of the meeting's zone; with its date on another day. */
function ending(local: string, day: string): string {
  const options: Intl.DateTimeFormatOptions = local.startsWith(day)
    ? { timeStyle: 'short' }
    : { dateStyle: 'medium', timeStyle: 'short' }
  // Read and written as if it were in UTC, so that no clock of this browser comes in.
  return new Intl.DateTimeFormat(LOCALES[language()], { ...options, timeZone: 'UTC' }).format(
    new Date(`${local}:00Z`),
  )
}

/** Problem with a form as a whole, where no field can say it. */
export function FormProblem({ text }: { text: string }) {
  return (
    <Text c="var(--mantine-color-error)" role="alert" mb="sm" data-testid="error-message">
      {text}
    </Text>
  )
}
