import { Button, Group, Loader, NativeSelect, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { type Day, dailyUse, MEASURES, type Measure } from '../../api/statistics'
import { formatNumber } from '../../i18n/format'
import { IconDownload } from '../../ui/icons'
import { Failure } from '../Failure'
import { writeTable } from '../people/csv'
import { problemText } from '../problemText'
import { saveFile } from '../saveFile'
import { Rankings } from './Rankings'
import classes from './Statistics.module.css'
import { hoursOf } from './spans'

const PERIODS = [7, 30, 60] as const
const NAMES = Object.keys(MEASURES) as Measure[]

/** Statistics of how much rooms and meetings are used, day by day. */
export function Statistics({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [days, setDays] = useState<number>(30)
  const use = useQuery({
    queryKey: ['use', me.companyId, days],
    queryFn: () => Promise.all(NAMES.map(async name => [name, await dailyUse(name, days)] as const)),
    placeholderData: previous => previous,
    refetchInterval: 60_000,
  })
  if (use.isPending) return <Loader role="status" aria-label={t('common.loading')} mx="auto" />
  if (use.isError) return <Failure text={problemText(t, use.error)} onRetry={() => void use.refetch()} />
  const isUnused = use.data.every(([, all]) => all.every(({ value }) => value === 0))
  const download = () => {
    const head = [t('organization.day'), ...use.data.map(([name]) => t(`organization.measure.${name}`))]
    const first = use.data[0]?.[1] ?? []
    const rows = first.map(({ day }, number) => [
      day,
      ...use.data.map(([name, all]) => String(shown(name, all[number]?.value ?? 0))),
    ])
    saveFile(t('organization.statisticsName'), writeTable([head, ...rows]))
  }
  return (
    <>
      <Group mb="md" align="end" gap="sm">
        <NativeSelect
          label={t('organization.period')}
          value={String(days)}
          onChange={event => setDays(Number(event.currentTarget.value))}
          data={PERIODS.map(count => ({
            value: String(count),
            label: t('organization.days', { days: count }),
          }))}
          data-testid="statistics-period"
        />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={download}
          data-testid="download-statistics"
        >
          {t('organization.exportStatistics')}
        </Button>
      </Group>
      {isUnused && <Text c="var(--sr-muted)">{t('organization.noUse')}</Text>}
      {!isUnused && (
        <div className={classes.charts}>
          {use.data.map(([name, all]) => (
            <Chart key={name} measure={name} days={all} />
          ))}
        </div>
      )}
      <Rankings me={me} />
    </>
  )
}

function Chart({ measure, days }: { measure: Measure; days: readonly Day[] }) {
  const { t } = useTranslation()
  const values = days.map(({ value }) => shown(measure, value))
  const top = Math.max(...values, 1)
  const isMost = measure === 'concurrent'
  const whole = isMost ? Math.max(...values) : values.reduce((sum, one) => sum + one, 0)
  const id = `chart-${measure}`
  return (
    <section className={classes.chart} aria-labelledby={id} data-testid="chart" data-name={measure}>
      <Title order={3} size="h5" id={id}>
        {t(`organization.measure.${measure}`)}
      </Title>
      <Text size="sm" c="var(--sr-muted)" mb="xs" data-testid="chart-whole">
        {t(isMost ? 'organization.most' : 'organization.sum', { value: formatNumber(rounded(whole)) })}
      </Text>
      <div className={classes.bars} aria-hidden>
        {days.map(({ day }, number) => (
          <span
            key={day}
            className={classes.bar}
            title={`${day}: ${formatNumber(values[number] ?? 0)}`}
            style={{ blockSize: `${(100 * (values[number] ?? 0)) / top}%` }}
          />
        ))}
      </div>
      <div className={classes.ends} aria-hidden>
        <span>{days[0]?.day}</span>
        <span>{days.at(-1)?.day}</span>
      </div>
      <details>
        <summary>{t('organization.asTable')}</summary>
        <table className={classes.table}>
          <tbody>
            {days.map(({ day }, number) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                <td>{formatNumber(values[number] ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  )
}

/** Seconds are shown as hours. */
function shown(measure: Measure, value: number): number {
  return measure === 'seconds' ? hoursOf(value) : value
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
