import { Button, CloseButton } from '@mantine/core'
import { memo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useStorePart } from '../ui/store'
import { Avatar } from './Avatar'
import type { RoomSession } from './session'
import classes from './WaitingList.module.css'

/** List of the people who wait to be let in, for moderators. */
export const WaitingList = memo(function WaitingList({ session }: { session: RoomSession }) {
  const { t } = useTranslation()
  const waiting = useStorePart(session.state, state => state.waiting)
  const title = useRef<HTMLHeadingElement>(null)
  if (!waiting.length) return null
  // The button that was pressed goes away with its row.
  const answer = (answered: Promise<void>) => {
    title.current?.focus({ preventScroll: true })
    void answered
  }
  return (
    <section className={classes.box} aria-labelledby="waiting-title" data-testid="waiting-list">
      <header className={classes.header}>
        <h3 id="waiting-title" ref={title} tabIndex={-1} className={classes.title}>
          {t('waiting.count', { count: waiting.length })}
        </h3>
        {waiting.length > 1 && (
          <Button
            size="compact-sm"
            className={classes.all}
            onClick={() => answer(session.admitAll())}
            data-testid="admit-all"
          >
            {t('waiting.admitAll')}
          </Button>
        )}
      </header>
      <ul className={classes.list}>
        {waiting.map(({ id, displayName }) => (
          <li key={id} className={classes.row} data-testid="waiting-person" data-name={displayName}>
            <Avatar name={displayName} size={32} />
            <span className={classes.name}>
              <bdi>{displayName}</bdi>
            </span>
            <Button
              size="compact-sm"
              variant={waiting.length > 1 ? 'default' : 'filled'}
              aria-label={t('waiting.admitName', { name: displayName })}
              onClick={() => answer(session.admit(id))}
              data-testid="admit"
            >
              {t('waiting.admit')}
            </Button>
            <CloseButton
              aria-label={t('waiting.deny', { name: displayName })}
              title={t('waiting.deny', { name: displayName })}
              onClick={() => answer(session.deny(id))}
              data-testid="deny"
            />
          </li>
        ))}
      </ul>
    </section>
  )
})
