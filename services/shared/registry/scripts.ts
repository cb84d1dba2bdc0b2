import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'

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
} as const satisfies Record<string, readonly string[]>

export type ScriptName = keyof typeof preludes

type RunCommand = (key: string, ...args: readonly (string | number)[]) => Promise<unknown>

/** Runs one script on the node that holds `key`. Each file's header says what its arguments and its answer are. */
export type RunScript = (name: ScriptName, ...args: Parameters<RunCommand>) => Promise<unknown>

/** Reads the scripts and teaches them to the client, which loads them into Redis when Redis does not know them (yet, or any more). */
export function defineScripts(client: Redis | Cluster): RunScript {
  for (const name of Object.keys(preludes) as ScriptName[]) {
    const lua = [...preludes[name], name].map((file) =>
      readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8'),
    )
    client.defineCommand(`splice65:${name}`, { lua: lua.join('\n'), numberOfKeys: 1 })
  }
  // defineCommand adds methods that the client's type cannot know.
  const methods = client as unknown as Record<`splice65:${ScriptName}`, RunCommand>
  return (name, key, ...args) => methods[`splice65:${name}`](key, ...args)
}
