/** Tasks of the v1 API: work that goes on by itself, and says how far it is. */

import { language } from '../i18n'
import { accessToken } from './account'
import { ApiError, requestId, UNREACHABLE } from './v1'

/** Progress of a task: the entries that are done, of all, and those that failed. */
export interface TaskProgress {
  done: number
  total: number
  isOver: boolean
  /** Reasons, in words, by the number of the failed entry, counted from 0. Complete when the task is over. */
  failures: ReadonlyMap<number, string>
}

interface Line {
  result?: { taskProgress?: { state?: string; metadata?: Record<string, string> } }
  error?: { code?: number; message?: string }
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
      const isLost = error instanceof ApiError ? error.code === UNREACHABLE : error instanceof TypeError
      if (!isLost || tries >= MOST_TRIES) throw error
    }
    await new Promise(resolve => window.setTimeout(resolve, AGAIN_AFTER))
  }
}

async function follow(
  taskId: string,
  onProgress: (progress: TaskProgress) => void,
): Promise<TaskProgress | null> {
  const response = await fetch('/json/v1/businessLogicService/streamTaskProgress', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json', 'accept-language': language() },
    body: JSON.stringify({
      accessInfo: { requestId: requestId(), accessToken: await accessToken() },
      trackingInfo: { taskId },
    }),
  })
  if (!response.ok || !response.body) {
    const body = (await response.json().catch(() => ({}))) as NonNullable<Line['error']>
    throw new ApiError(body.code ?? UNREACHABLE, '', body.message ?? response.statusText)
  }
  let last: TaskProgress | null = null
  for await (const text of linesOf(response.body)) {
    const { result, error } = JSON.parse(text) as Line
    if (error) throw new ApiError(error.code ?? UNREACHABLE, '', error.message ?? '')
    last = progressOf(result?.taskProgress ?? {})
    onProgress(last)
  }
  return last
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    rest += decoder.decode(value, { stream: !done })
    const lines = rest.split('\n')
    rest = done ? '' : (lines.pop() ?? '')
    yield* lines.filter(line => line.trim() !== '')
    if (done) return
  }
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
