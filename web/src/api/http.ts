import { language } from '../i18n'

/** Milliseconds until an answer. */
const LIMIT = 15_000

/** Errors by which an API tells of a problem. */
export interface Problems {
  /** Error to reject with when the API has answered with a problem, or a proxy on the way has. */
  refused(status: number, body: unknown, statusText: string): Error
  /** Error to reject with when nothing has answered. */
  unreachable(reason: string): Error
}

/** POSTs JSON to `path` and resolves with the JSON of the answer, `undefined` when there is none. */
export async function post(path: string, body: object, problems: Problems): Promise<unknown> {
  const response = await send(path, body, problems, AbortSignal.timeout(LIMIT))
  const reply: unknown = await response.json().catch(() => undefined)
  if (response.ok) return reply
  throw problems.refused(response.status, reply, response.statusText)
}

/** POSTs JSON to `path` and yields the JSON of each line of the answer as it comes, for as long as it takes. */
export async function* postForLines(path: string, body: object, problems: Problems): AsyncGenerator<unknown> {
  const response = await send(path, body, problems)
  if (!response.ok || !response.body) {
    const reply: unknown = await response.json().catch(() => undefined)
    throw problems.refused(response.status, reply, response.statusText)
  }
  try {
    for await (const line of linesOf(response.body)) yield JSON.parse(line)
  } catch (error) {
    throw problems.unreachable(String(error))
  }
}

async function send(
  path: string,
  body: object,
  problems: Problems,
  signal: AbortSignal | null = null,
): Promise<Response> {
  try {
    return await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', 'accept-language': language() },
      body: JSON.stringify(body),
      signal,
    })
  } catch (error) {
    throw problems.unreachable(String(error))
  }
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

/** Whether an answer with this status says that nobody could answer. */
export function isGateway(status: number): boolean {
  return status >= 502 && status <= 504
}
