import assert from 'node:assert/strict'
import { parseHalf, parseRelay } from '../../../services/shared/registry/records.ts'
import type { Subject } from '../subject.ts'
import { mutateJson } from './mutated-json.ts'

interface Stored {
  readonly kind: 'half' | 'relay'
  readonly json: string
}

/** A half as relays write it. */
export const goodHalf = { id: 'h1', relay: 'relay-0', replaceable: false }

/** A relay as it announces itself. */
export const goodRelay = {
  name: 'relay-0',
  rpcAddress: '10.0.0.7:6500',
  load: 3,
  waiting: 2,
  draining: false,
  version: '0.1.0',
  streamhost: { host: 'relay-0.ex.com', port: 7777 },
}

/** What the registry reads back: whole, or refused, and never in between. */
export async function openRecords(): Promise<Subject<Stored>> {
  return {
    make: (choices) =>
      choices.oneIn(2)
        ? { kind: 'half', json: mutateJson(goodHalf, choices) }
        : { kind: 'relay', json: mutateJson(goodRelay, choices) },
    show: ({ kind, json }) => `${kind} ${JSON.stringify(json)}`,
    check({ kind, json }) {
      if (kind === 'half') {
        const half = read(() => parseHalf(json))
        if (half) assert.deepEqual(kinds(half), ['string', 'string', 'boolean'])
      } else {
        const relay = read(() => parseRelay(json))
        if (relay)
          assert.deepEqual(
            [typeof relay.name, typeof relay.rpcAddress, typeof relay.load],
            ['string', 'string', 'number'],
          )
      }
    },
  }
}

function kinds({ id, relay, replaceable }: { id: unknown; relay: unknown; replaceable: unknown }): string[] {
  return [id, relay, replaceable].map((value) => typeof value)
}

/** The registry turns whatever reading throws into one failure. */
function read<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    assert.ok(error instanceof Error)
    return undefined
  }
}
