import { SignallingError } from '../../signalling/socket'

/** Problems that the server states, by its names of the fields; `meeting.` in front of them is left out. */
export function problemsOf(error: Error | null): Record<string, string> {
  const fields = error instanceof SignallingError ? error.fields : undefined
  return Object.fromEntries(
    Object.entries(fields ?? {}).map(([name, reason]) => [name.replace(/^meeting\./, ''), reason]),
  )
}

export function codeOf(error: Error | null): string {
  return error instanceof SignallingError ? error.code : ''
}
