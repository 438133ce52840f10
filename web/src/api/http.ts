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
  let response: Response
  try {
    response = await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', 'accept-language': language() },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LIMIT),
    })
  } catch (error) {
    throw problems.unreachable(String(error))
  }
  const reply: unknown = await response.json().catch(() => undefined)
  if (response.ok) return reply
  throw problems.refused(response.status, reply, response.statusText)
}

/** Whether an answer with this status says that nobody could answer. */
export function isGateway(status: number): boolean {
  return status >= 502 && status <= 504
}
