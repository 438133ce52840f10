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

export function Logo() {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 10 }}>
      <LogoMark />
      <span style={{ fontWeight: 700, fontSize: '1.15rem', letterSpacing: '-0.02em' }}>Switchroom</span>
    </span>
  )
}
