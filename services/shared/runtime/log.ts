import { type Logger as PinoLogger, pino } from 'pino'
import { version } from './version.ts'

/** JSON lines on standard output: `service`, `pod` and `version` always, then what the event tells. */
export type Logger = PinoLogger

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** Builds the log of one service. `destination` replaces standard output in tests. */
export function createLog(
  service: string,
  config: { readonly logLevel: (typeof logLevels)[number]; readonly pod: string },
  destination?: { write(line: string): void },
): Logger {
  const options = {
    level: config.logLevel,
    base: { service, pod: config.pod, version },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return destination ? pino(options, destination) : pino(options)
}
