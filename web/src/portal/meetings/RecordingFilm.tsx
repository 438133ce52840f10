import { Anchor, Group, Text } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { RecordingEntry } from '../../api/scheduling'
import { formatDateTime, formatNumber } from '../../i18n/format'
import { IconDownload } from '../../ui/icons'
import classes from './Meetings.module.css'

/** A recording: what has become of it, and the film to watch and take along when it is there. */
export function RecordingFilm({ recording }: { recording: RecordingEntry }) {
  const { t } = useTranslation()
  const { state, failure, start, seconds, bytes, contentType } = recording
  // Addresses are renewed with every answer; a film that plays is not begun anew for it.
  const kept = useRef(recording.url)
  if (!kept.current) kept.current = recording.url
  const name = t('scheduling.summary.play', { time: formatDateTime(start) })
  return (
    <div data-testid="recording" data-state={state} style={{ marginBottom: '1rem' }}>
      <Group justify="space-between" gap="xs">
        <div>
          <Text fw={600}>{name}</Text>
          <Text size="sm" c="var(--sr-muted)">
            {state === 'ready'
              ? t('scheduling.summary.size', {
                  minutes: formatNumber(Math.max(1, Math.round(seconds / 60))),
                  megabytes: formatNumber(Math.max(0.1, Math.round(bytes / 100_000) / 10)),
                })
              : t(`scheduling.summary.state.${state}`)}{' '}
            {failure && t(`recordings.failure.${failure}`)}
          </Text>
        </div>
        {state === 'ready' && (
          <Anchor href={kept.current} download className={classes.mark} data-testid="download-recording">
            <IconDownload size={16} aria-hidden />
            {t('scheduling.summary.download')}
          </Anchor>
        )}
      </Group>
      {state === 'ready' && (
        // biome-ignore lint/a11y/useMediaCaption: what was said is not written down
        <video
          className={classes.film}
          controls
          preload="metadata"
          aria-label={name}
          data-testid="recording-film"
        >
          <source src={kept.current} type={contentType} />
        </video>
      )}
    </div>
  )
}
