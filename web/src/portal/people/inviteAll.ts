import type { Administration } from '../../api/account'
import { inviteMany } from '../../api/people'
import { followTask } from '../../api/tasks'
import { ApiError, RESOURCE_EXHAUSTED } from '../../api/v1'
import type { TableRow } from './invitationTable'

/** People of one task: so many fit into a request whatever their names. */
const MOST = 5_000

/** Failure to invite a person, and the reason. */
export interface BatchFailure {
  row: TableRow
  reason: string
}

/** Invites everybody, a task for each few thousand, one after the other: what the server has taken on goes on also
 * when the page is left. Resolves with whoever was not invited. */
export async function inviteAll(
  rows: readonly TableRow[],
  permissions: ReadonlySet<Administration>,
  onProgress: (done: number) => void,
): Promise<BatchFailure[]> {
  const failures: BatchFailure[] = []
  for (let start = 0; start < rows.length; start += MOST) {
    const part = rows.slice(start, start + MOST)
    const taskId = await started(part, permissions)
    const last = await followTask(taskId, ({ done }) => onProgress(start + done))
    onProgress(start + part.length)
    for (const [number, reason] of last.failures) {
      const row = part[number]
      if (row) failures.push({ row, reason })
    }
  }
  return failures
}

const AGAIN_AFTER = 5_000
const MOST_TRIES = 60

/** Begins a task; while others of the organization wait, it waits too. */
async function started(part: readonly TableRow[], permissions: ReadonlySet<Administration>): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await inviteMany(part, permissions)
    } catch (error) {
      const mustWait = error instanceof ApiError && error.code === RESOURCE_EXHAUSTED
      if (!mustWait || tries >= MOST_TRIES) throw error
      await new Promise(resolve => window.setTimeout(resolve, AGAIN_AFTER))
    }
  }
}
