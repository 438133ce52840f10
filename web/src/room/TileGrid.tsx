import { ActionIcon, Button, Group } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { type CSSProperties, memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadSettings, saveSettings } from '../media/settings'
import { IconChevronLeft, IconChevronRight, IconEye } from '../ui/icons'
import { useStorePart } from '../ui/store'
import { type GridLayout, gridLayout, TILE_GAP } from './gridLayout'
import type { RoomSession } from './session'
import { SelfTile, Tile } from './Tile'
import classes from './TileGrid.module.css'
import { gridOrder, spokenNow, stripOrder } from './tileOrder'

/** Tiles drawn at once, more than which no screen shows well. */
const PER_PAGE = 48

interface TileGridProps {
  session: RoomSession
  /** In one row, beside what is large, rather than as a grid. */
  strip: boolean
  /** Id of the participant who shares the screen that is large; empty without one. */
  sharerId: string
  /** Id of the participant whose tile is large, and so not here. */
  largeId: string | null
}

/** Tiles of all who can be seen, last speakers in front. Those that do not fit scroll, and come in pages. */
export const TileGrid = memo(function TileGrid({ session, strip, sharerId, largeId }: TileGridProps) {
  const { t } = useTranslation()
  const { ref, width, height } = useElementSize<HTMLDivElement>()
  const [page, setPage] = useState(0)
  const [hidden, setHidden] = useState(() => loadSettings().selfHidden)
  const [spoken, setSpoken] = useState<readonly string[]>([])
  const self = useStorePart(session.state, state => state.self)
  const participants = useStorePart(session.state, state => state.participants)
  const numbers = useStorePart(session.state, state => state.numbers)
  const speaking = useStorePart(session.state, state => state.speaking)
  const pinned = useStorePart(session.pinned, id => id)
  const spokenBy = spokenNow(spoken, speaking)
  if (spokenBy !== spoken) setSpoken(spokenBy)

  const others = participants.filter(({ isSpectator, id }) => !isSpectator && id !== largeId)
  const isBeside = strip || others.length > 0
  const mayHide = isBeside && self !== null && !self.isSpectator
  const ownTile = self !== null && !self.isSpectator && !(mayHide && hidden) && (
    <SelfTile
      session={session}
      self={self}
      speaking={speaking.has(self.id)}
      number={numbers.get(self.id)}
      onHide={mayHide ? () => hide(true) : undefined}
    />
  )
  const shownOthers = Math.min(others.length, PER_PAGE)
  // If all tiles are so small that they scroll, one's own is among them, as small as they are, and hides none.
  const isSmall = !strip && isBeside && !gridLayout(shownOthers, width, height).scrolls
  const count = shownOthers + (ownTile && !isSmall && !strip ? 1 : 0)
  const layout = gridLayout(count, width, height)
  const order = { pinned, spoken: spokenBy }
  const sorted = strip
    ? stripOrder(others, order, sharerId)
    : gridOrder(others, order, inView(layout, height) - (ownTile && !isSmall ? 1 : 0))
  const pages = Math.max(1, Math.ceil(sorted.length / PER_PAGE))
  const current = Math.min(page, pages - 1)
  const places = new Map(
    sorted.slice(current * PER_PAGE, (current + 1) * PER_PAGE).map(({ id }, at) => [id, at + 1]),
  )

  function hide(isHidden: boolean) {
    setHidden(isHidden)
    saveSettings({ selfHidden: isHidden })
  }

  return (
    <div className={strip ? classes.besides : classes.whole}>
      <div ref={ref} className={strip ? classes.strip : classes.grid}>
        {/* A list that scrolls must be reachable by keyboard. */}
        <ul
          className={classes.tiles}
          style={strip ? undefined : tileSizes(layout)}
          data-scrolls={layout.scrolls}
          aria-label={t('room.grid')}
          tabIndex={strip || layout.scrolls ? 0 : undefined}
        >
          {!isSmall && ownTile}
          {others
            .filter(({ id }) => places.has(id))
            .map(participant => (
              <Tile
                key={participant.id}
                session={session}
                participant={participant}
                speaking={speaking.has(participant.id)}
                number={numbers.get(participant.id)}
                order={places.get(participant.id)}
              />
            ))}
        </ul>
      </div>
      {isSmall && ownTile && (
        <ul className={classes.own} aria-label={t('room.own')}>
          {ownTile}
        </ul>
      )}
      {mayHide && hidden && (
        <Button
          size="compact-xs"
          variant="default"
          className={classes.showOwn}
          leftSection={<IconEye size={14} aria-hidden />}
          onClick={() => hide(false)}
          data-testid="show-self"
        >
          {t('room.showSelf')}
        </Button>
      )}
      {pages > 1 && (
        <Group className={classes.pager} gap="xs" justify="center" role="group" aria-label={t('room.pages')}>
          <ActionIcon
            variant="default"
            aria-label={t('room.previous')}
            disabled={current === 0}
            onClick={() => setPage(current - 1)}
            data-testid="previous-page"
          >
            <IconChevronLeft size={18} aria-hidden />
          </ActionIcon>
          <span role="status" data-testid="page-of">
            {t('room.pageOf', { page: current + 1, pages })}
          </span>
          <ActionIcon
            variant="default"
            aria-label={t('room.next')}
            disabled={current === pages - 1}
            onClick={() => setPage(current + 1)}
            data-testid="next-page"
          >
            <IconChevronRight size={18} aria-hidden />
          </ActionIcon>
        </Group>
      )}
    </div>
  )
})

/** Number of tiles of a page that can be seen without scrolling. */
function inView(layout: GridLayout, height: number): number {
  if (!layout.scrolls) return PER_PAGE
  const rows = Math.max(1, Math.floor((height + TILE_GAP) / (layout.height + TILE_GAP)))
  return Math.min(PER_PAGE, rows * layout.columns)
}

function tileSizes({ columns, width, height }: GridLayout): CSSProperties {
  return {
    '--tile-width': `${width}px`,
    '--tile-height': `${height}px`,
    gap: TILE_GAP,
    maxWidth: columns * (width + TILE_GAP) - TILE_GAP,
  } as CSSProperties
}
