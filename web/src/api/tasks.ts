/** Tasks of the v1 API: work that goes on by itself, and says how far it is. */

import { accessToken } from './account'
import { ApiError, requestId, streamV1, UNREACHABLE } from './v1'

/** Progress of a task: the entries that are done, of all, and those that failed. */
export interface TaskProgress {
  done: number
  total: number
  isOver: boolean
  /** Reasons, in words, by the number of the failed entry, counted from 0. Complete when the task is over. */
  failures: ReadonlyMap<number, string>
}

interface Reply {
  taskProgress?: { state?: string; metadata?: Record<string, string> }
}

const OVER = new Set(['DONE', 'FAILED_PERMANENTLY'])
const AGAIN_AFTER = 2_000
const MOST_TRIES = 30

/** Follows a task to its end, also when the connection is lost in between. Rejects with an ApiError. */
export async function followTask(
  taskId: string,
  onProgress: (progress: TaskProgress) => void,
): Promise<TaskProgress> {
  for (let tries = 0; ; tries += 1) {
    try {
      const last = await follow(taskId, progress => {
        tries = 0
        onProgress(progress)
      })
      if (last?.isOver) return last
    } catch (error) {
      const isLost = error instanceof ApiError && error.code === UNREACHABLE
      if (!isLost || tries >= MOST_TRIES) throw error
    }
    await new Promise(resolve => window.setTimeout(resolve, AGAIN_AFTER))
  }
}

async function follow(
  taskId: string,
  onProgress: (progress: TaskProgress) => void,
): Promise<TaskProgress | null> {
  let last: TaskProgress | null = null
  const replies = streamV1<Reply>('businessLogicService/streamTaskProgress', {
    accessInfo: { requestId: requestId(), accessToken: await accessToken() },
    trackingInfo: { taskId },
  })
  for await (const { taskProgress } of replies) {
    last = progressOf(taskProgress ?? {})
    onProgress(last)
  }
  return last
}

/** Progress of a task that a line of the stream states. */
export function progressOf(task: { state?: string; metadata?: Record<string, string> }): TaskProgress {
  const { total = '0', done = '0', ...places } = task.metadata ?? {}
  const failures = new Map<number, string>()
  for (const [place, reason] of Object.entries(places)) {
    const number = /\[(\d+)\]/.exec(place)?.[1]
    if (number !== undefined) failures.set(Number(number), reason)
  }
  return {
    done: Number(done),
    total: Number(total),
    isOver: OVER.has(task.state ?? ''),
    failures,
  }
}
