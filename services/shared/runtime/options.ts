import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Failure, messageOf } from '../bytestream/failure.ts'

/** A service's options: one zod object, every option with `.describe()`, secrets marked by `secret()`. */
export type OptionSchema = z.ZodObject<Record<string, z.ZodType>>

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

const secrets = new WeakSet<z.ZodType>()

/** Marks an option (the whole of it, `.optional()` included) as a secret: it may be given as a file (`…_FILE`) and its value is never shown in a fault. */
export function secret<T extends z.ZodType>(schema: T): T {
  secrets.add(schema)
  return schema
}

/** The files that secrets were read from, by the names of their options. */
export type SecretFiles = Readonly<Record<string, string>>

/** Options as they were read, with the files of those that were given as files: see `watchSecret`. */
export type Options<S extends OptionSchema> = Readonly<z.infer<S>> & { readonly secretFiles?: SecretFiles | undefined }

/** The name an option has in the environment: `activationTimeoutMs` of `relay` is `RELAY_ACTIVATION_TIMEOUT_MS`. */
export function environmentName(service: string, option: string): string {
  return `${service}_${option.replace(/([a-z0-9])([A-Z])/g, '$1_$2')}`.toUpperCase()
}

/**
 * Reads a service's options from the environment, once. An empty variable is unset; variables of this service that no
 * option knows are faults, so that a typing error cannot pass for a default. Throws one `malformed` failure that names
 * every faulty variable.
 */
export function readOptions<S extends OptionSchema>(service: string, schema: S, env: Environment): Options<S> {
  const faults: string[] = []
  const given: Record<string, string> = {}
  const secretFiles: Record<string, string> = {}
  const known = new Set<string>()
  for (const [option, type] of Object.entries(schema.shape)) {
    const name = environmentName(service, option)
    known.add(name)
    const value = nonEmpty(env[name])
    if (value !== undefined) given[option] = value
    if (!secrets.has(type)) continue
    known.add(`${name}_FILE`)
    const file = nonEmpty(env[`${name}_FILE`])
    if (file === undefined) continue
    if (value !== undefined) faults.push(`${name}: give it or ${name}_FILE, not both`)
    else {
      given[option] = readSecret(file, `${name}_FILE`, faults)
      secretFiles[option] = file
    }
  }
  for (const name of Object.keys(env)) {
    if (name.startsWith(`${service.toUpperCase()}_`) && !known.has(name)) faults.push(`${name}: no such option`)
  }
  const parsed = schema.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) {
    const option = String(issue.path[0] ?? '')
    const type = schema.shape[option]
    const isAbsent = type !== undefined && given[option] === undefined && !type.safeParse(undefined).success
    faults.push(
      isAbsent
        ? `${givenBy(service, option, type)} is needed: ${type.description ?? ''}`
        : `${environmentName(service, option)}: ${issue.message}`,
    )
  }
  if (!parsed.success || faults.length > 0) {
    throw new Failure('malformed', `Cannot read the options of ${service}:\n  ${faults.join('\n  ')}`)
  }
  const hasFiles = Object.keys(secretFiles).length > 0
  return Object.freeze(hasFiles ? { ...parsed.data, secretFiles: Object.freeze(secretFiles) } : parsed.data)
}

/** Every option of a service with its meaning and default, a line each, for `--help`. */
export function describeOptions(service: string, schema: OptionSchema): string {
  const lines = Object.entries(schema.shape).map(([option, type]) => {
    return `  ${givenBy(service, option, type)}\n      ${type.description ?? ''}${defaultOf(type)}`
  })
  return `\nOptions, read from the environment; names in _MS are milliseconds:\n\n${lines.join('\n')}\n`
}

/** The variables that an option can be given by. */
function givenBy(service: string, option: string, type: z.ZodType): string {
  const name = environmentName(service, option)
  return secrets.has(type) ? `${name} or ${name}_FILE` : name
}

function defaultOf(type: z.ZodType): string {
  const parsed = type.safeParse(undefined)
  if (!parsed.success) return ' (required)'
  const value = Array.isArray(parsed.data) ? parsed.data.join(',') : parsed.data
  return value === undefined || value === '' ? '' : ` (default ${String(value)})`
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value
}

function readSecret(file: string, name: string, faults: string[]): string {
  try {
    const value = readFileSync(file, 'utf8').trim()
    if (value === '') faults.push(`${name}: ${file} is empty`)
    return value
  } catch (error) {
    faults.push(`${name}: cannot read ${file}: ${messageOf(error)}`)
    return ''
  }
}

/**
 * A whole number within bounds, from text: `z.coerce.number()` would read an empty text as 0. Its JSON Schema describes
 * the number.
 */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be from ${least} to ${most}`)
    .meta({ type: 'integer', minimum: least, maximum: most })
}

/** A TCP port; 0 asks the system for a free one. */
export const port = (): z.ZodType<number, string> => integer(0, 65_535)

/** A list separated by commas; empty items are dropped. Its JSON Schema describes the list. */
export function list(): z.ZodType<string[], string> {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    )
    .meta({ type: 'array', items: { type: 'string' } })
}

/** What `read` makes of an option's text; what it throws becomes the fault that is reported. */
export function orFault<T>(context: z.RefinementCtx, read: () => T): T {
  try {
    return read()
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
    return z.NEVER
  }
}
