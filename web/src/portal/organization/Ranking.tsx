import { Group, Loader, NativeSelect, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type RankingPage, type RankingPlace, type RankingWanted, wholeRanking } from '../../api/statistics'
import { formatNumber } from '../../i18n/format'
import { DownloadFile } from '../DownloadFile'
import { Failure } from '../Failure'
import { Pager } from '../Pager'
import { problemText } from '../problemText'
import classes from './Ranking.module.css'
import { type RankingTable, rankingFile } from './rankingTable'

const INTERVAL = 60_000

interface RankingProps<Row> {
  companyId: string
  table: RankingTable<Row>
  /** The span of time of the ranking, and its first day. */
  of: Required<Pick<RankingWanted, 'span' | 'day'>>
  load: (wanted: RankingWanted) => Promise<RankingPage<Row>>
}

interface Pages {
  /** What these are the pages of. */
  of: string
  /** The places that the pages begin behind, but for the first. */
  places: readonly RankingPlace[]
  /** The number of the first row of all. */
  top: number
}

/** A ranking with bars: a page at a time, and as a file. */
export function Ranking<Row extends { id: string }>({ companyId, table, of, load }: RankingProps<Row>) {
  const { t } = useTranslation()
  const [rankedBy, setRankedBy] = useState<'time' | 'stays'>('time')
  const [pages, setPages] = useState<Pages>({ of: '', places: [], top: 0 })
  const chosen = { ...of, rankedBy }
  const key = JSON.stringify([companyId, chosen])
  const places = pages.of === key ? pages.places : []
  const after = places.at(-1)
  const wanted = { ...chosen, ...(after !== undefined && { after }) }
  const page = useQuery({
    queryKey: ['ranking', companyId, table.of, wanted],
    queryFn: () => load(wanted),
    refetchInterval: after === undefined ? INTERVAL : false,
    // Of another time, or in another order, they would be wrong.
    placeholderData: previous => (pages.of === key ? previous : undefined),
  })
  const column = rankedBy === 'time' ? table.columns[0] : table.columns.at(-1)
  const rows = page.data?.rows ?? []
  const first = rows[0]
  const top = after === undefined ? (first && column ? column.countOf(first) : 0) : pages.top
  const id = `ranking-${table.of}`
  return (
    <section className={classes.ranking} aria-labelledby={id} data-testid="ranking" data-name={table.of}>
      <Title order={4} size="h5" id={id} mb="xs">
        {t(`statistics.most.${table.of}`)}
      </Title>
      <Group mb="sm" align="end" gap="sm">
        <NativeSelect
          label={t('statistics.order')}
          aria-describedby={id}
          value={rankedBy}
          onChange={event => setRankedBy(event.currentTarget.value === 'stays' ? 'stays' : 'time')}
          data={(['time', 'stays'] as const).map(value => ({
            value,
            label: t(`statistics.rankedBy.${value}`),
          }))}
          data-testid={`${table.of}-ranked-by`}
        />
        <DownloadFile
          of={table.of}
          label={t(`statistics.download.${table.of}`)}
          make={async () => ({
            name: `${t(`statistics.file.${table.of}`)}-${of.span}-${of.day}.csv`,
            text: rankingFile(t, table, await wholeRanking(load, chosen)),
          })}
        />
      </Group>
      {page.isPending && <Loader role="status" aria-label={t('common.loading')} mx="auto" />}
      {page.isError && <Failure text={problemText(t, page.error)} onRetry={() => void page.refetch()} />}
      {page.data && !page.isError && rows.length === 0 && (
        <Text c="var(--sr-muted)">{t('statistics.none')}</Text>
      )}
      {!page.isError && rows.length > 0 && (
        <RankedRows
          table={table}
          rows={rows}
          share={row => (column && top ? column.countOf(row) / top : 0)}
        />
      )}
      <Pager
        hasBefore={places.length > 0}
        hasAfter={page.data?.following !== undefined}
        onBefore={() => setPages({ ...pages, places: places.slice(0, -1) })}
        onAfter={() => {
          const next = page.data?.following
          if (next && !page.isPlaceholderData) setPages({ of: key, places: [...places, next], top })
        }}
      />
    </section>
  )
}

interface RankedRowsProps<Row> {
  table: RankingTable<Row>
  rows: readonly Row[]
  /** What a row has of what the first has, up to 1. */
  share: (row: Row) => number
}

function RankedRows<Row extends { id: string }>({ table, rows, share }: RankedRowsProps<Row>) {
  const { t } = useTranslation()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className={classes.scroll} tabIndex={0} aria-label={t(`statistics.table.${table.of}`)}>
      <Table data-testid={`ranked-${table.of}`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('statistics.name')}</Table.Th>
            {table.columns.map(({ name }) => (
              <Table.Th key={name} scope="col" className={classes.number}>
                {t(`statistics.column.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(row => (
            <Table.Tr key={row.id} data-testid="ranked" data-name={table.nameOf(t, row)}>
              <Table.Th scope="row" className={classes.name}>
                <bdi>{table.nameOf(t, row)}</bdi>
                <Text span size="sm" c="var(--sr-muted)" className={classes.note}>
                  {table.noteOf(t, row)}
                </Text>
                <span
                  className={classes.bar}
                  style={{ inlineSize: `${Math.min(100 * share(row), 100)}%` }}
                  aria-hidden
                />
              </Table.Th>
              {table.columns.map(({ name, countOf }) => (
                <Table.Td key={name} className={classes.number}>
                  {formatNumber(countOf(row))}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}
