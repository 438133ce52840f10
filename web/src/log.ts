/** Console messages from a level on; the level is the launch option `--loglevel`. */

export const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

let threshold: LogLevel = 'warning'

export function setLogLevel(level: LogLevel): void {
  threshold = level
}

function write(level: LogLevel, output: (...parts: unknown[]) => void, parts: unknown[]): void {
  if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold)) output('[switchroom]', ...parts)
}

/* biome-ignore-start lint/suspicious/noConsole: this is the one place that writes to the console */
export const log = {
  debug: (...parts: unknown[]) => write('debug', console.debug, parts),
  info: (...parts: unknown[]) => write('info', console.info, parts),
  warning: (...parts: unknown[]) => write('warning', console.warn, parts),
  error: (...parts: unknown[]) => write('error', console.error, parts),
}
/* biome-ignore-end lint/suspicious/noConsole: see above */
