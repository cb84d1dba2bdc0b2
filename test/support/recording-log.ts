import pino from 'pino'

/** A log that keeps what it is told: `lines` holds level and message of each line, `everything` is all of it as text. */
export function recordingLog(): { log: pino.Logger; lines: string[]; everything: () => string } {
  const lines: string[] = []
  const written: string[] = []
  const log = pino(
    { level: 'trace', formatters: { level: (label) => ({ level: label }) } },
    {
      write(line: string) {
        const { level, msg } = JSON.parse(line)
        lines.push(`${level} ${msg}`)
        written.push(line)
      },
    },
  )
  return { log, lines, everything: () => written.join('') }
}
