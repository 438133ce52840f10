import { type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { isolated } from '../i18n/isolation'
import { useShownBranding } from './branding'
import { LanguageSwitch } from './LanguageSwitch'
import { Logo } from './Logo'
import classes from './PageFrame.module.css'

interface PageFrameProps {
  /** Title of the page in the browser's tab and history. */
  title: string
  /** The width the content may take, in rem. */
  width: number
  centred?: boolean
  card?: boolean
  aside?: ReactNode
  children: ReactNode
}

/** Every page but the room: logo, language, and the content in the middle. */
export function PageFrame({ title, width, centred = false, card = false, aside, children }: PageFrameProps) {
  const { t } = useTranslation()
  usePageTitle(title)
  const { colour } = useShownBranding()
  return (
    <div className={classes.frame}>
      <button type="button" className="skip-link" onClick={() => document.getElementById('content')?.focus()}>
        {t('common.skip')}
      </button>
      <header
        className={classes.header}
        style={colour ? { borderBlockStart: `4px solid ${colour}` } : undefined}
      >
        <Logo />
        <div className={classes.side}>
          {aside}
          <LanguageSwitch />
        </div>
      </header>
      <main
        id="content"
        tabIndex={-1}
        className={`${classes.main} ${centred ? classes.centred : ''}`}
        style={{ maxWidth: `${width}rem` }}
      >
        {card ? <div className={classes.card}>{children}</div> : children}
      </main>
    </div>
  )
}

/** For a heading that replaces what had the focus, so that keyboard and screen reader go on from there. */
export function useHeadingFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true })
  }, [])
  return heading
}

/** Names the page; with `unread`, how many messages nobody has read stand in front. */
export function usePageTitle(title: string, unread = 0): void {
  useEffect(() => {
    const name = title ? `${isolated(title)} · Switchroom` : 'Switchroom'
    document.title = unread ? `(${unread > 99 ? '99+' : unread}) ${name}` : name
  }, [title, unread])
}
