import { NativeSelect, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Repetition } from '../../api/scheduling'
import classes from './Meetings.module.css'

interface RepetitionFieldsProps {
  repetition: Repetition
  onRepetition: (repetition: Repetition) => void
  problems: Readonly<Record<string, string>>
}

const FREQUENCIES = ['once', 'daily', 'weekly', 'monthly'] as const
const EVERY = { daily: 'everyDays', weekly: 'everyWeeks', monthly: 'everyMonths' } as const
const ENDINGS = { never: 'never', on_date: 'onDate', after: 'after' } as const
const PATTERNS = { day_of_month: 'dayOfMonth', day_of_week: 'dayOfWeek' } as const

/** Whether and how a meeting recurs. */
export function RepetitionFields({ repetition, onRepetition, problems }: RepetitionFieldsProps) {
  const { t } = useTranslation()
  const { frequencyType, frequency, monthlyPattern, endsType, endsOn, endsAfter } = repetition
  const set = (change: Partial<Repetition>) => onRepetition({ ...repetition, ...change })
  return (
    <div className={classes.fields} style={{ marginTop: '0.75rem' }}>
      <NativeSelect
        label={t('scheduling.form.repetition')}
        value={frequencyType}
        data={FREQUENCIES.map(value => ({ value, label: t(`scheduling.form.${value}`) }))}
        onChange={event =>
          set({ frequencyType: FREQUENCIES.find(one => one === event.currentTarget.value) ?? 'once' })
        }
        error={problems.recurrence}
        data-testid="meeting-repetition"
      />
      {frequencyType !== 'once' && (
        <>
          <TextInput
            type="number"
            inputMode="numeric"
            label={t(`scheduling.form.${EVERY[frequencyType]}`)}
            value={frequency || ''}
            onChange={event => set({ frequency: Math.trunc(Number(event.currentTarget.value)) })}
            min={1}
            max={999}
            required
            withAsterisk={false}
            error={problems['recurrence.frequency']}
            data-testid="meeting-frequency"
          />
          {frequencyType === 'monthly' && (
            <NativeSelect
              label={t('scheduling.form.pattern')}
              value={monthlyPattern}
              data={Object.entries(PATTERNS).map(([value, name]) => ({
                value,
                label: t(`scheduling.form.${name}`),
              }))}
              onChange={event =>
                set({
                  monthlyPattern:
                    event.currentTarget.value === 'day_of_week' ? 'day_of_week' : 'day_of_month',
                })
              }
            />
          )}
          <NativeSelect
            label={t('scheduling.form.ending')}
            value={endsType}
            data={Object.entries(ENDINGS).map(([value, name]) => ({
              value,
              label: t(`scheduling.form.${name}`),
            }))}
            onChange={event => {
              const chosen = event.currentTarget.value
              set({ endsType: chosen === 'on_date' || chosen === 'after' ? chosen : 'never' })
            }}
            data-testid="meeting-ending"
          />
          {endsType === 'on_date' && (
            <TextInput
              type="date"
              label={t('scheduling.form.endsOn')}
              value={endsOn ?? ''}
              onChange={event => set({ endsOn: event.currentTarget.value || null })}
              required
              withAsterisk={false}
              error={problems['recurrence.endsOn']}
              data-testid="meeting-ends-on"
            />
          )}
          {endsType === 'after' && (
            <TextInput
              type="number"
              inputMode="numeric"
              label={t('scheduling.form.endsAfter')}
              value={endsAfter || ''}
              onChange={event => set({ endsAfter: Math.trunc(Number(event.currentTarget.value)) })}
              min={1}
              max={1000}
              required
              withAsterisk={false}
              error={problems['recurrence.endsAfter']}
              data-testid="meeting-ends-after"
            />
          )}
        </>
      )}
    </div>
  )
}
