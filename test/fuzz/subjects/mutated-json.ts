import type { Choices } from '../choices.ts'

const odd = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  '',
  'x',
  '\u202e',
  '\u0000',
  '__proto__',
  [],
  {},
  'x'.repeat(3_000),
] as const
const keys = [
  'v',
  'id',
  'relay',
  'replaceable',
  'name',
  'rpcAddress',
  'streamhost',
  'load',
  'draining',
  'version',
  'host',
  'port',
  '__proto__',
  'later',
] as const

/** A good value with a few of its fields of another kind, missing or new; now and then text that is no JSON at all. */
export function mutateJson(value: object, choices: Choices): string {
  const mutated: Record<string, unknown> = structuredClone({ ...value })
  for (let changes = choices.below(4); changes > 0; changes--) {
    const key = choices.pick(keys)
    if (choices.oneIn(3)) delete mutated[key]
    else
      Object.defineProperty(mutated, key, {
        value: choices.pick(odd),
        enumerable: true,
        configurable: true,
        writable: true,
      })
  }
  const json = JSON.stringify(mutated)
  return choices.oneIn(6) ? choices.damage(Buffer.from(json)).toString('utf8') : json
}
