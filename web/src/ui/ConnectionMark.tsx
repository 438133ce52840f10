interface ConnectionMarkProps {
  phase: 'connecting' | 'waiting' | 'reconnecting' | 'ended'
  text: string
}

/** State of the connection, for screen readers, where the room's own display of it is not on the page. */
export function ConnectionMark({ phase, text }: ConnectionMarkProps) {
  return (
    <span className="sr-only" role="status" data-testid="connection-state" data-state={phase}>
      {text}
    </span>
  )
}
