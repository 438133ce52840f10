import { Alert, Button, FileButton, Group, Modal, Progress, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Administration, SignedIn } from '../../api/account'
import { formatNumber } from '../../i18n/format'
import { IconDownload, IconUpload } from '../../ui/icons'
import { announce } from '../announce'
import { problemText } from '../problemText'
import { saveFile } from '../saveFile'
import { type Decoded, decode, writeTable } from './csv'
import { invitationsIn, type TableRow } from './invitationTable'
import { type BatchFailure, inviteAll } from './inviteAll'
import classes from './People.module.css'
import { PermissionsField } from './PermissionsField'

const PREVIEWED = 50
const FAILURES_SHOWN = 100
const LARGEST_FILE = 32 << 20

interface Table {
  name: string
  encoding: Decoded['encoding']
  rows: readonly TableRow[]
}

/** Invites everybody in a file: what is in it is shown first, then how far it is, then what failed and why. */
export function InviteManyDialog({ me, onClose }: { me: SignedIn; onClose: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [table, setTable] = useState<Table | null>(null)
  const [problem, setProblem] = useState('')
  const [permissions, setPermissions] = useState<Set<Administration>>(new Set())
  const [done, setDone] = useState(0)
  const mutationKey = ['invite-many']
  const good = table?.rows.filter(row => row.problem === null) ?? []
  const inviting = useMutation({
    mutationKey,
    mutationFn: () => inviteAll(good, permissions, setDone),
    onSuccess: async failures => {
      await queries.invalidateQueries({ queryKey: ['people'] })
      announce(
        t('directory.batchDone', {
          count: good.length - failures.length,
          number: formatNumber(good.length - failures.length),
        }),
      )
    },
  })
  useLeaveWarning(inviting.isPending)
  const open = async (file: File | null) => {
    if (!file) return
    setProblem('')
    setTable(null)
    if (file.size > LARGEST_FILE) return setProblem(t('directory.fileTooLarge'))
    const { text, encoding } = decode(new Uint8Array(await file.arrayBuffer()))
    const rows = invitationsIn(text)
    if (rows.every(row => row.problem === 'noAddress')) return setProblem(t('directory.noTable'))
    setTable({ name: file.name, encoding, rows })
  }
  const failures = inviting.data ?? []
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!inviting.isPending}
      size="xl"
      title={t('directory.inviteMany')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="sm">
        {!inviting.isPending && !inviting.isSuccess && (
          <>
            <Text c="var(--sr-muted)">{t('directory.fileHint')}</Text>
            <Group gap="xs">
              <FileButton
                onChange={file => void open(file)}
                accept=".csv,.txt,.tsv,text/csv"
                inputProps={{ 'aria-label': t('directory.chooseFile') }}
              >
                {props => (
                  <Button
                    {...props}
                    variant="default"
                    leftSection={<IconUpload size={16} aria-hidden />}
                    data-testid="choose-file"
                  >
                    {t('directory.chooseFile')}
                  </Button>
                )}
              </FileButton>
              <Button
                variant="subtle"
                leftSection={<IconDownload size={16} aria-hidden />}
                onClick={() =>
                  saveFile(
                    t('directory.exampleName'),
                    writeTable([
                      [
                        t('directory.firstName'),
                        t('directory.lastName'),
                        t('directory.email'),
                        t('language.label'),
                      ],
                      ['Ada', 'Byron', 'ada@example.org', 'en'],
                      ['Jürgen', 'Groß', 'juergen@example.org', 'de'],
                    ]),
                  )
                }
                data-testid="example-file"
              >
                {t('directory.example')}
              </Button>
            </Group>
          </>
        )}
        {(problem || inviting.error) && (
          <Alert color="red" role="alert" data-testid="error-message">
            {problem || (inviting.error && problemText(t, inviting.error))}
          </Alert>
        )}
        {table && !inviting.isPending && !inviting.isSuccess && (
          <>
            <Preview table={table} />
            {me.permissions.has('USER_ADMIN') && (
              <PermissionsField me={me} value={permissions} onChange={setPermissions} />
            )}
            <Button
              disabled={good.length === 0}
              onClick={() => {
                // The second click of two comes before the button is drawn as busy.
                if (!queries.isMutating({ mutationKey })) inviting.mutate()
              }}
              data-testid="send-invitations"
            >
              {t('directory.sendMany', { count: good.length, number: formatNumber(good.length) })}
            </Button>
          </>
        )}
        {inviting.isPending && (
          <>
            <Progress
              value={good.length ? (100 * done) / good.length : 0}
              aria-label={t('directory.progress')}
              size="lg"
            />
            <Text role="status" data-testid="batch-progress">
              {t('directory.progressText', { done: formatNumber(done), total: formatNumber(good.length) })}
            </Text>
            <Text size="sm" c="var(--sr-muted)">
              {t('directory.progressHint')}
            </Text>
          </>
        )}
        {inviting.isSuccess && table && (
          <Outcome
            table={table}
            invited={good.length - failures.length}
            failures={failures}
            onClose={onClose}
          />
        )}
      </Stack>
    </Modal>
  )
}

function Preview({ table }: { table: Table }) {
  const { t } = useTranslation()
  const wrong = table.rows.filter(row => row.problem !== null)
  const first = [...wrong, ...table.rows.filter(row => row.problem === null)].slice(0, PREVIEWED)
  return (
    <>
      <Text data-testid="preview-text">
        {t('directory.preview', {
          count: table.rows.length,
          number: formatNumber(table.rows.length),
          file: table.name,
          encoding: table.encoding.toUpperCase(),
        })}
        {wrong.length > 0 &&
          ` ${t('directory.previewWrong', { count: wrong.length, number: formatNumber(wrong.length) })}`}
      </Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard */}
      <section className={classes.preview} tabIndex={0} aria-label={t('directory.previewLabel')}>
        <table data-testid="preview">
          <thead>
            <tr>
              <th scope="col">{t('directory.line')}</th>
              <th scope="col">{t('directory.email')}</th>
              <th scope="col">{t('directory.firstName')}</th>
              <th scope="col">{t('directory.lastName')}</th>
            </tr>
          </thead>
          <tbody>
            {first.map(row => (
              <tr key={row.line}>
                <td>{row.line}</td>
                <td className={row.problem ? classes.wrong : undefined}>
                  {row.email || '–'}
                  {row.problem && ` (${t(`directory.wrong.${row.problem}`)})`}
                </td>
                <td>{row.firstName}</td>
                <td>{row.lastName}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}

interface OutcomeProps {
  table: Table
  invited: number
  failures: readonly BatchFailure[]
  onClose: () => void
}

/** Outcome of inviting everybody: what failed row by row, and a file with the outcome of each row. */
function Outcome({ table, invited, failures, onClose }: OutcomeProps) {
  const { t } = useTranslation()
  const wrong = [
    ...failures.map(({ row, reason }) => ({ row, reason })),
    ...table.rows
      .filter(row => row.problem !== null)
      .map(row => ({ row, reason: t(`directory.wrong.${row.problem ?? 'noAddress'}`) })),
  ].sort((one, other) => one.row.line - other.row.line)
  const download = () => {
    const reasons = new Map(wrong.map(({ row, reason }) => [row.line, reason]))
    const head = [
      t('directory.line'),
      t('directory.email'),
      t('directory.firstName'),
      t('directory.lastName'),
      t('directory.outcome'),
    ]
    const rows = table.rows.map(row => [
      String(row.line),
      row.email,
      row.firstName,
      row.lastName,
      reasons.get(row.line) ?? t('directory.state.invited'),
    ])
    saveFile(t('directory.reportName'), writeTable([head, ...rows]))
  }
  return (
    <>
      <Alert
        color={wrong.length ? 'yellow' : 'green'}
        variant="light"
        role="status"
        data-testid="batch-outcome"
      >
        {t('directory.batchDone', { count: invited, number: formatNumber(invited) })}
        {wrong.length > 0 &&
          ` ${t('directory.batchFailed', { count: wrong.length, number: formatNumber(wrong.length) })}`}
      </Alert>
      {wrong.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard
        <section className={classes.preview} tabIndex={0} aria-label={t('directory.failures')}>
          <table data-testid="failures">
            <thead>
              <tr>
                <th scope="col">{t('directory.line')}</th>
                <th scope="col">{t('directory.email')}</th>
                <th scope="col">{t('directory.reason')}</th>
              </tr>
            </thead>
            <tbody>
              {wrong.slice(0, FAILURES_SHOWN).map(({ row, reason }) => (
                <tr key={row.line}>
                  <td>{row.line}</td>
                  <td>{row.email || '–'}</td>
                  <td className={classes.wrong}>{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {wrong.length > FAILURES_SHOWN && (
        <Text size="sm" c="var(--sr-muted)">
          {t('directory.allInReport')}
        </Text>
      )}
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={download}
          data-testid="download-report"
        >
          {t('directory.report')}
        </Button>
        <Button onClick={onClose} data-testid="close-outcome">
          {t('common.close')}
        </Button>
      </Group>
    </>
  )
}

/** Has the browser ask before the page is left while not everything is sent yet. */
function useLeaveWarning(isBusy: boolean): void {
  useEffect(() => {
    if (!isBusy) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [isBusy])
}
