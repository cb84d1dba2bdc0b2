import { Failure } from '../../shared/bytestream/failure.ts'

/**
 * Fills `{pod}` with the relay's name and `{ordinal}` with the number that a StatefulSet ends it with. Throws
 * `malformed` when the name ends with none.
 */
export function fillTemplate(template: string, pod: string): string {
  return template.replaceAll('{pod}', pod).replaceAll('{ordinal}', () => String(ordinalOf(pod)))
}

/** Reads a port: `7777`, or `30777+{ordinal}` for a row of ports, one per relay. Throws `malformed`. */
export function fillPort(template: string, pod: string): number {
  const [, base, row] = /^(\d{1,5})(\+\{ordinal\})?$/.exec(template) ?? []
  const port = Number(base) + (row ? ordinalOf(pod) : 0)
  if (port >= 1 && port <= 65_535) return port
  throw new Failure('malformed', `Not a public port for ${pod}, it must be a port or BASE+{ordinal}: ${template}`)
}

function ordinalOf(pod: string): number {
  const ordinal = /-(\d{1,9})$/.exec(pod)?.[1]
  if (ordinal !== undefined) return Number(ordinal)
  throw new Failure('malformed', `Cannot fill {ordinal}: the name of relay ${pod} does not end with a number`)
}
