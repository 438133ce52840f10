import { useEffect, useRef } from 'react'

interface VideoViewProps {
  track: MediaStreamTrack | null | undefined
  className?: string
  label?: string
}

/** A track's pictures. Sound is played elsewhere. */
export function VideoView({ track, className, label }: VideoViewProps) {
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const element = video.current
    if (!element) return
    element.srcObject = track ? new MediaStream([track]) : null
    if (track) element.play().catch(() => undefined /* replaced by a newer track, or gone */)
  }, [track])
  return (
    <video
      ref={video}
      className={className}
      autoPlay
      playsInline
      muted
      disablePictureInPicture
      aria-label={label}
      aria-hidden={label ? undefined : true}
    />
  )
}
