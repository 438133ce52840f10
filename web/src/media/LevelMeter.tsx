import { useEffect, useRef } from 'react'
import classes from './LevelMeter.module.css'
import { measureLevel } from './level'

/** A bar as long as the microphone is loud. */
export function LevelMeter({ track, label }: { track: MediaStreamTrack | null; label: string }) {
  const meter = useRef<HTMLDivElement>(null)
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!track) return
    let announced = -1
    const stop = measureLevel(track, level => {
      if (bar.current) bar.current.style.clipPath = `inset(0 ${(100 - level * 100).toFixed(1)}% 0 0)`
      const rounded = Math.round(level * 10) * 10
      if (rounded !== announced) {
        announced = rounded
        meter.current?.setAttribute('aria-valuenow', String(rounded))
      }
    })
    const shown = bar.current
    return () => {
      stop()
      if (shown) shown.style.clipPath = ''
    }
  }, [track])
  return (
    // A <meter> cannot be drawn alike in every browser.
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div
      ref={meter}
      className={classes.meter}
      role="meter"
      tabIndex={-1}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
      data-testid="microphone-level"
    >
      <div ref={bar} className={classes.bar} />
    </div>
  )
}
