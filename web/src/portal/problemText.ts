import type { TFunction } from 'i18next'
import { isUnreachable } from '../api/client'
import { ApiError, RESOURCE_EXHAUSTED } from '../api/v1'
import { SignallingError } from '../signalling/socket'

/** Sentence about what went wrong in the portal: what the server says of it, in the language of the page, but
 * for problems with a text of their own here. */
export function problemText(t: TFunction, error: Error): string {
  if (isUnreachable(error)) return t('login.unreachable')
  const code = error instanceof SignallingError || error instanceof ApiError ? error.code : ''
  if (code === 'too_many_attempts' || code === RESOURCE_EXHAUSTED) return t('problem.tooMany')
  if (code === 'changed_meanwhile') return t('problem.changedMeanwhile')
  return t('problem.said', { message: error.message })
}

/** Whether somebody else has changed something since it was loaded. */
export function isChangedMeanwhile(error: Error | null): boolean {
  return error instanceof SignallingError && error.code === 'changed_meanwhile'
}
