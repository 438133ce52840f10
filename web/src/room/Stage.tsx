import { Button, Group } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { trackKey } from '../media/subscribeConnection'
import { VideoView } from '../media/VideoView'
import type { Participant } from '../signalling/messages'
import { IconMaximize } from '../ui/icons'
import { useStorePart } from '../ui/store'
import classes from './Stage.module.css'
import type { RoomSession } from './session'
import { useTileWant } from './useTileWant'

interface StageProps {
  session: RoomSession
  sharer: Participant
  /** Others who share as well, to change over to. */
  others: readonly Participant[]
  onChoose: (participantId: string) => void
}

/** Somebody's screen, large. */
export function Stage({ session, sharer, others, onChoose }: StageProps) {
  const { t } = useTranslation()
  const frame = useRef<HTMLElement>(null)
  const track = useStorePart(session.media.remote, tracks => tracks.get(trackKey(sharer.id, 'screen')))
  useTileWant(frame, session, sharer.id, 'screen')
  const title = t('room.sharedBy', { name: sharer.displayName })
  return (
    <section ref={frame} className={classes.stage} aria-label={title} data-testid="screen-stage">
      <VideoView track={track} className={classes.video} label={title} />
      <Group className={classes.bar} gap="xs">
        <span className={classes.title}>{title}</span>
        {others.map(({ id, displayName }) => (
          <Button key={id} size="compact-xs" variant="default" onClick={() => onChoose(id)}>
            {t('room.showScreen', { name: displayName })}
          </Button>
        ))}
        {document.fullscreenEnabled && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconMaximize size={14} aria-hidden />}
            onClick={() => void frame.current?.requestFullscreen()}
          >
            {t('room.fullscreen')}
          </Button>
        )}
      </Group>
    </section>
  )
}
