/** Operations of the v1 API, in its own words. */

import { isGateway, type Problems, post, postForLines } from './http'

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

const PROBLEMS: Problems = {
  refused(status, body, statusText) {
    const { code, message, details } = (body ?? {}) as ErrorBody
    return new ApiError(code ?? statusToCode(status), details?.[0]?.statusCode ?? '', message ?? statusText)
  },
  unreachable: reason => new ApiError(UNREACHABLE, 'UNREACHABLE', reason),
}

/** POSTs to `/json/v1/<path>`. Rejects with an ApiError. */
export async function callV1<Reply>(path: string, body: object): Promise<Reply> {
  return ((await post(`/json/v1/${path}`, body, PROBLEMS)) ?? {}) as Reply
}

/** POSTs to `/json/v1/<path>` and yields each reply of the stream. Rejects with an ApiError. */
export async function* streamV1<Reply>(path: string, body: object): AsyncGenerator<Reply> {
  for await (const line of postForLines(`/json/v1/${path}`, body, PROBLEMS)) {
    const { result, error } = line as { result?: Reply; error?: ErrorBody }
    if (error) throw PROBLEMS.refused(0, error, '')
    if (result) yield result
  }
}

/** For replies of a proxy on the way, which know nothing of gRPC. */
function statusToCode(status: number): number {
  if (status === 401) return UNAUTHENTICATED
  if (status === 403) return PERMISSION_DENIED
  if (status === 429) return RESOURCE_EXHAUSTED
  return isGateway(status) ? UNREACHABLE : 13
}
