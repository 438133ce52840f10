import { useState } from 'react'
import type { Branding } from '../api/branding'
import { readableOn, useShownBranding } from './branding'
import classes from './Logo.module.css'

/** The mark: two switches of one room, one thrown each way. */
export function LogoMark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="#0b7a6d" />
      <rect x="6" y="7" width="20" height="8" rx="4" fill="#ffffff" fillOpacity="0.38" />
      <circle cx="22" cy="11" r="4" fill="#ffffff" />
      <rect x="6" y="17" width="20" height="8" rx="4" fill="#ffffff" fillOpacity="0.38" />
      <circle cx="10" cy="21" r="4" fill="#ffc857" />
    </svg>
  )
}

/** The organization's logo, title and colour where it has said so, and ours. */
export function Logo() {
  const branding = useShownBranding()
  const isBranded = Boolean(branding.logo || branding.title)
  if (!isBranded) return <OwnLogo />
  return (
    <span className={classes.logos}>
      <BrandPlate branding={branding} />
      {!branding.isAlone && <OwnLogo />}
    </span>
  )
}

/** Logo and title of the organization, on its colour. */
export function BrandPlate({ branding, height = 32 }: { branding: Branding; height?: number }) {
  const { colour, logo, title } = branding
  // A logo that is no picture leaves the title, or nothing.
  const [missing, setMissing] = useState('')
  if (!title && (!logo || logo === missing)) return null
  return (
    <span
      className={classes.plate}
      style={colour ? { background: colour, color: readableOn(colour) } : undefined}
      data-testid="branding"
    >
      {logo && logo !== missing && (
        <img
          src={logo}
          alt={title ? '' : 'Logo'}
          className={classes.picture}
          style={{ height }}
          onError={() => setMissing(logo)}
          data-testid="branding-logo"
        />
      )}
      {title && <bdi className={classes.title}>{title}</bdi>}
    </span>
  )
}

function OwnLogo() {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 10 }}>
      <LogoMark />
      <span style={{ fontWeight: 700, fontSize: '1.15rem', letterSpacing: '-0.02em' }}>Switchroom</span>
    </span>
  )
}
