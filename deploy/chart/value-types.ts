import { z } from 'zod'
import { schemaOfOptions } from './service-options.ts'

// The kinds of values that the chart has. Each names its default and says what it means.

/** A text. */
export function text(value: string, description: string) {
  return z.string().default(value).describe(description)
}

/** A list of texts, empty unless told. */
export function textList(description: string) {
  return z.array(z.string()).default([]).describe(description)
}

/** True or false. */
export function flag(value: boolean, description: string) {
  return z.boolean().default(value).describe(description)
}

/** A whole number within bounds, both allowed. */
export function number(value: number, [least, most]: readonly [number, number], description: string) {
  return z.int().min(least).max(most).default(value).describe(description)
}

/** A TCP port. */
export function portNumber(value: number, description: string) {
  return number(value, [1, 65_535], description)
}

/** One of some words; the first is the default. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T, description: string) {
  return z.enum(words).default(words[0]).describe(description)
}

/** Texts by names of the user's own choosing. */
export function keyValues(description: string, value: Record<string, string> = {}) {
  return z.record(z.string(), z.string()).default(value).describe(description)
}

/** An object that Kubernetes defines, not we. */
export function free(description: string, value: object = {}) {
  return z
    .record(z.string(), z.unknown())
    .default({ ...value })
    .describe(description)
}

/** A list of objects that Kubernetes defines, not we. */
export function freeList(description: string) {
  return z.array(z.record(z.string(), z.unknown())).default([]).describe(description)
}

/** Values that belong together; other keys are refused. */
export function block<T extends z.ZodRawShape>(description: string, shape: T) {
  return z.strictObject(shape).optional().describe(description)
}

/** The options of a service, by their names in its `config.ts`; the chart sets none of them unless told. */
export function optionBlock(service: 'control' | 'courier' | 'relay', description: string) {
  return z
    .record(z.string(), z.unknown())
    .default({})
    .meta({ description, ...schemaOfOptions(service) })
}
