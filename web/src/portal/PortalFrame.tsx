import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../api/account'
import type { PortalPageName } from '../route/hash'
import { useBranding } from '../ui/branding'
import { PageFrame } from '../ui/PageFrame'
import { AccountBar } from './AccountBar'
import { Announcements } from './Announcements'
import classes from './PortalFrame.module.css'
import { pagesFor } from './pages'
import { useCurrentInView } from './useCurrentInView'

interface PortalFrameProps {
  me: SignedIn
  title: string
  /** The page that the navigation marks. */
  current: PortalPageName
  children: ReactNode
}

/** A page of the portal: who is signed in, the ways to its other pages, and the content. */
export function PortalFrame({ me, title, current, children }: PortalFrameProps) {
  const { t } = useTranslation()
  useBranding(me.companyId)
  const navigation = useCurrentInView(current)
  return (
    <PageFrame title={title} width={68} aside={<AccountBar me={me} />}>
      <nav aria-label={t('portal.navigation')} className={classes.navigation} ref={navigation}>
        <ul className={classes.list}>
          {pagesFor(me).map(({ name, Icon }) => (
            <li key={name}>
              <a
                href={`#/${name}`}
                className={classes.page}
                aria-current={name === current ? 'page' : undefined}
                data-testid="portal-page"
                data-name={name}
              >
                <Icon size={18} aria-hidden />
                {t(`portal.page.${name}`)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {children}
      <Announcements />
    </PageFrame>
  )
}
