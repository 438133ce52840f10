import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import classes from './ControlButton.module.css'

interface ControlButtonProps extends Omit<ComponentProps<'button'>, 'onClick' | 'children'> {
  label: string
  /** For switches: what is switched, whatever `label` says that a press does. */
  name?: string
  icon: ReactNode
  onClick?: (event: MouseEvent<HTMLButtonElement>) => void
  testId?: string
  /** For switches: whether what the button stands for is on. */
  pressed?: boolean
  /** Shown as crossed out: a switch that is off and usually on. */
  off?: boolean
  tone?: 'danger' | 'active'
  disabled?: boolean
  busy?: boolean
  caption?: string
  badge?: number
  badgeLabel?: string
  shortcut?: string
  expanded?: boolean
}

/** A round button of the controls bar. */
export function ControlButton(props: ControlButtonProps) {
  const { label, name, icon, onClick, testId, pressed, off, tone, disabled, busy, caption, ...remaining } =
    props
  const { badge, badgeLabel, shortcut, expanded, ...rest } = remaining
  const look = off
    ? classes.off
    : tone === 'danger'
      ? classes.danger
      : tone === 'active'
        ? classes.active
        : ''
  return (
    <button
      {...rest}
      type="button"
      className={`${classes.button} ${look}`}
      data-tip={shortcut ? `${label} (${shortcut})` : label}
      aria-label={badge && badgeLabel ? `${name ?? label}, ${badgeLabel}` : (name ?? label)}
      aria-pressed={pressed}
      aria-expanded={expanded ?? rest['aria-expanded']}
      aria-disabled={disabled || undefined}
      aria-busy={busy || undefined}
      aria-keyshortcuts={shortcut}
      data-testid={testId}
      onClick={event => {
        if (!disabled && !busy) onClick?.(event)
      }}
    >
      <span className={classes.icon}>
        {icon}
        {badge ? <span className={classes.badge} data-count={badge > 99 ? '99+' : badge} /> : null}
      </span>
      {caption && (
        <span className={classes.caption} aria-hidden="true">
          {caption}
        </span>
      )}
    </button>
  )
}
