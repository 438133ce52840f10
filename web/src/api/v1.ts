/** Calls of the v1 API, in its own words. */

/** A reply with an error. `code` is the gRPC code, 0 when the server did not answer at all. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly statusCode: string,
    message: string,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

export const UNAUTHENTICATED = 16
export const INVALID_ARGUMENT = 3
export const NOT_FOUND = 5
export const RESOURCE_EXHAUSTED = 8
export const PERMISSION_DENIED = 7
export const UNREACHABLE = 0

const LIMIT = 15_000

interface ErrorBody {
  code?: number
  message?: string
  details?: { statusCode?: string }[]
}

export function requestId(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
}

/** POSTs to `/json/v1/<path>`. Rejects with an ApiError. */
export async function callV1<Reply>(path: string, body: object): Promise<Reply> {
  return post<Reply>(`/json/v1/${path}`, body)
}

export async function post<Reply>(path: string, body: object): Promise<Reply> {
  let response: Response
  try {
    response = await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LIMIT),
    })
  } catch (error) {
    throw new ApiError(UNREACHABLE, 'UNREACHABLE', String(error))
  }
  const reply: unknown = await response.json().catch(() => null)
  if (response.ok) return (reply ?? {}) as Reply
  const { code, message, details } = (reply ?? {}) as ErrorBody
  throw new ApiError(
    code ?? statusToCode(response.status),
    details?.[0]?.statusCode ?? '',
    message ?? response.statusText,
  )
}

/** For replies of a proxy on the way, which know nothing of gRPC. */
function statusToCode(status: number): number {
  if (status === 401) return UNAUTHENTICATED
  if (status === 403) return PERMISSION_DENIED
  if (status === 429) return RESOURCE_EXHAUSTED
  return status >= 502 && status <= 504 ? UNREACHABLE : 13
}
