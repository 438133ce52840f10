import { useElementSize } from '@mantine/hooks'
import { type CSSProperties, memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useStorePart } from '../ui/store'
import { type GridLayout, gridLayout, TILE_GAP } from './gridLayout'
import type { RoomSession } from './session'
import { SelfTile, Tile } from './Tile'
import classes from './TileGrid.module.css'

interface TileGridProps {
  session: RoomSession
  /** In one row beside a shared screen, rather than as a grid. */
  strip: boolean
}

/** Everybody who can be seen. Tiles that do not fit are scrolled to. */
export const TileGrid = memo(function TileGrid({ session, strip }: TileGridProps) {
  const { t } = useTranslation()
  const { ref, width, height } = useElementSize<HTMLDivElement>()
  const self = useStorePart(session.state, state => state.self)
  const participants = useStorePart(session.state, state => state.participants)
  const speaking = useStorePart(session.state, state => state.speaking)
  const shown = participants.filter(({ isSpectator }) => !isSpectator)
  const seesSelf = self !== null && !self.isSpectator
  const layout = gridLayout(shown.length + (seesSelf ? 1 : 0), width, height)
  const sizes = strip ? undefined : tileSizes(layout)
  return (
    <div ref={ref} className={strip ? classes.strip : classes.grid}>
      {/* A list that scrolls must be reachable by keyboard. */}
      <ul
        className={classes.tiles}
        style={sizes}
        data-scrolls={layout.scrolls}
        aria-label={t('room.grid')}
        tabIndex={strip || layout.scrolls ? 0 : undefined}
      >
        {seesSelf && <SelfTile session={session} self={self} speaking={speaking.has(self.id)} />}
        {shown.map(participant => (
          <Tile
            key={participant.id}
            session={session}
            participant={participant}
            speaking={speaking.has(participant.id)}
          />
        ))}
      </ul>
    </div>
  )
})

function tileSizes({ columns, width, height }: GridLayout): CSSProperties {
  return {
    '--tile-width': `${width}px`,
    '--tile-height': `${height}px`,
    gap: TILE_GAP,
    maxWidth: columns * (width + TILE_GAP) - TILE_GAP,
  } as CSSProperties
}
