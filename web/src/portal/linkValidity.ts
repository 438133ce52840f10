import type { TFunction } from 'i18next'
import { formatDateTime } from '../i18n/format'

/** Text about the time in which a link is valid. */
export function validity(
  t: TFunction,
  { validFrom, validUntil }: { validFrom?: string; validUntil?: string },
): string {
  const from = validFrom ? formatDateTime(validFrom) : ''
  const until = validUntil ? formatDateTime(validUntil) : ''
  if (from && until) return t('links.fromUntil', { from, until })
  if (from) return t('links.from', { from })
  return until ? t('links.until', { until }) : t('links.always')
}
