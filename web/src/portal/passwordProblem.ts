import type { TFunction } from 'i18next'
import { ApiError, RESOURCE_EXHAUSTED, UNREACHABLE } from '../api/v1'
import { SignallingError } from '../signalling/socket'

/** Problem with a password, in words; `otherwise` names the text for a problem that has none of its own. */
export function passwordProblem(
  t: TFunction,
  error: Error,
  otherwise: 'password.failed' | 'forgotten.failed' | 'changePassword.failed' | 'invitation.failed',
): string {
  const code = error instanceof SignallingError || error instanceof ApiError ? error.code : ''
  if (code === 'password_wrong') return t('changePassword.wrong')
  if (code === 'too_many_attempts' || code === RESOURCE_EXHAUSTED) return t('login.tooMany')
  if (code === 'unreachable' || code === UNREACHABLE) return t('login.unreachable')
  return t(otherwise, { message: error.message })
}
