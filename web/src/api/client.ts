/** Operations of the browser's own API, whose types are made from its OpenAPI document. */

import { SignallingError } from '../signalling/socket'
import { isGateway, type Problems, post } from './http'
import type { components, paths } from './openapi'
import { ApiError, UNREACHABLE } from './v1'

export type Schemas = components['schemas']

type Path = { [P in keyof paths]: paths[P] extends { post: unknown } ? P : never }[keyof paths]
type Operation<P extends Path> = paths[P] extends { post: infer O } ? O : never
type Json<T> = T extends { content: { 'application/json': infer J } } ? J : undefined
type Body<P extends Path> =
  Operation<P> extends { requestBody: infer B } ? Json<B> & object : Record<string, never>
type Reply<P extends Path> = Operation<P> extends { responses: { 200: infer R } } ? Json<R> : undefined

const PROBLEMS: Problems = {
  refused(status, body, statusText) {
    const refusal = (body ?? {}) as Partial<Schemas['Refusal']>
    const code = refusal.code ?? (isGateway(status) ? 'unreachable' : 'bad_request')
    return new SignallingError(code, refusal.message ?? statusText, refusal.details, refusal.fields)
  },
  unreachable: reason => new SignallingError('unreachable', reason),
}

/** Rejects with a SignallingError: the codes are those of the signalling. */
export async function callClient<P extends Path>(path: P, body: Body<P>): Promise<Reply<P>> {
  return (await post(path, body, PROBLEMS)) as Reply<P>
}

/** Whether asking again may help: nobody has answered. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof ApiError) return error.code === UNREACHABLE
  return error instanceof SignallingError && error.code === 'unreachable'
}
