import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'
import { oneWritePerTurn } from './one-write.ts'

/** Every script of `lua/`, with the files that go before it. */
const preludes = {
  claim: ['time', 'room'],
  renew: ['time', 'room'],
  release: ['time', 'room'],
  'claim-activation': ['time', 'room'],
  'abandon-activation': ['time', 'room'],
  bury: ['time', 'room'],
  announce: ['time', 'directory'],
  withdraw: [],
  relays: ['time', 'directory'],
  'enter-account': ['time', 'account'],
  'renew-account': ['time', 'account'],
  'charge-account': ['time', 'account'],
  'leave-account': ['time', 'account'],
} as const satisfies Record<string, readonly string[]>

export type ScriptName = keyof typeof preludes

type RunCommand = (...keysAndArgs: readonly (string | number)[]) => Promise<unknown>

/** Runs one script on the node that holds `keys`. Each file's header says what its arguments and its answer are. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>

/** Reads the scripts and teaches them to the client, which loads them into Redis when Redis does not know them (yet, or any more). */
export function defineScripts(client: Redis | Cluster): RunScript {
  for (const name of Object.keys(preludes) as ScriptName[]) {
    const lua = [...preludes[name], name].map((file) =>
      readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8'),
    )
    const numberOfKeys = name.endsWith('-account') ? 2 : 1
    client.defineCommand(`splice65:${name}`, { lua: lua.join('\n'), numberOfKeys })
  }
  // defineCommand adds methods that the client's type cannot know.
  const methods = client as unknown as Record<`splice65:${ScriptName}`, RunCommand>
  const gather = oneWritePerTurn(client)
  return (name, keys, args) => {
    gather()
    return methods[`splice65:${name}`](...keys, ...args)
  }
}
