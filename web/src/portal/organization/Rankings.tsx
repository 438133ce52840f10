import { Button, Group, NativeSelect, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { rankedPeople, rankedRooms, type Span } from '../../api/statistics'
import { language } from '../../i18n'
import { LOCALES } from '../../i18n/format'
import { IconChevronLeft, IconChevronRight } from '../../ui/icons'
import { seesPeople } from '../pages'
import { Ranking } from './Ranking'
import classes from './Ranking.module.css'
import { OF_PEOPLE, OF_ROOMS } from './rankingTable'
import { firstDay, SPANS, spanName } from './spans'

/** Rankings of a day, week or month: the rooms that were most in use, and, for those who may list people, who was
 * in rooms most. */
export function Rankings({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const [span, setSpan] = useState<Span>('month')
  const [back, setBack] = useState(0)
  const day = firstDay(span, back)
  const start = useQuery({
    queryKey: ['ranking', me.companyId, 'earliest', span],
    queryFn: () => rankedRooms({ span, limit: 1 }),
  })
  const earliest = start.data?.earliest
  return (
    <section className={classes.rankings} aria-labelledby="rankings">
      <Title order={3} size="h4" id="rankings" mb={4}>
        {t('statistics.title')}
      </Title>
      <Text c="var(--sr-muted)" mb="sm">
        {t('statistics.lead')}
      </Text>
      <Group mb="md" align="end" gap="sm">
        <NativeSelect
          label={t('statistics.span')}
          value={span}
          onChange={event => {
            setSpan(SPANS.find(one => one === event.currentTarget.value) ?? 'month')
            setBack(0)
          }}
          data={SPANS.map(value => ({ value, label: t(`statistics.spans.${value}`) }))}
          data-testid="ranking-span"
        />
        <Button
          variant="default"
          leftSection={<IconChevronLeft size={16} aria-hidden />}
          disabled={earliest === undefined || day <= earliest}
          onClick={() => setBack(back + 1)}
          data-testid="span-before"
        >
          {t('statistics.before')}
        </Button>
        <Text className={classes.span} role="status" data-testid="span-name">
          {spanName(span, day, LOCALES[language()])}
        </Text>
        <Button
          variant="default"
          rightSection={<IconChevronRight size={16} aria-hidden />}
          disabled={back === 0}
          onClick={() => setBack(back - 1)}
          data-testid="span-after"
        >
          {t('statistics.after')}
        </Button>
      </Group>
      <div className={classes.lists}>
        <Ranking companyId={me.companyId} table={OF_ROOMS} of={{ span, day }} load={rankedRooms} />
        {seesPeople(me) && (
          <Ranking companyId={me.companyId} table={OF_PEOPLE} of={{ span, day }} load={rankedPeople} />
        )}
      </div>
    </section>
  )
}
