import { type Logger as PinoLogger, pino } from 'pino'
import { version } from './version.ts'

/** JSON lines on standard output: `service`, `pod` and `version` always, then what the event tells. */
export type Logger = PinoLogger

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** A field is cut to so many characters: a stranger's name may have thousands. */
const LONGEST_FIELD = 512

/** JSON leaves these as they are, and a terminal or a viewer would obey them: what hides, reverses or breaks text; pino lets lone surrogates through too. */
const unprintable = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u007f-\u009f]/gu

/**
 * Builds the log of one service. Each line is one JSON object of printable characters, whatever names are in it.
 * `destination` replaces standard output in tests.
 */
export function createLog(
  service: string,
  config: { readonly logLevel: (typeof logLevels)[number]; readonly pod: string },
  destination: { write(line: string): void } = pino.destination(1),
): Logger {
  const options = {
    level: config.logLevel,
    base: { service, pod: config.pod, version },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: cut },
  }
  return pino(options, { write: (line: string) => void destination.write(line.replace(unprintable, escaped)) })
}

function cut(fields: Record<string, unknown>): Record<string, unknown> {
  const long = Object.entries(fields).filter(([, value]) => typeof value === 'string' && value.length > LONGEST_FIELD)
  if (long.length === 0) return fields
  return {
    ...fields,
    ...Object.fromEntries(long.map(([name, value]) => [name, `${String(value).slice(0, LONGEST_FIELD)}…`])),
  }
}

/** As JSON writes it: a pair of escapes for what lies beyond 16 bits. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
