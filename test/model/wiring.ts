import assert from 'node:assert/strict'
import type { Connection, Engine, Flow, FlowEnd, Held } from '../../services/relay/engine/engine.ts'
import { WireEnd } from './trunk-wire.ts'

/** Two connections that an engine has joined, by their names: clients, or ends of a trunk. */
export type Wire = readonly [string, string]

/** Which connections are wired to which, over all relays: what the clients' bytes would really do. */
export class Wiring {
  readonly wires: Wire[] = []
  readonly #rooms = new Map<string, string>()

  /** An engine of one relay. Moves nothing, and writes down what it joins. */
  engine(): Engine {
    return {
      name: 'model',
      guard() {},
      hold: (connection, { room }) => new ModelHeld(connection, room),
      join: (first, second) => this.#join(first, second),
      load: () => assert.fail('nobody asks for the load'),
      async stop() {},
    }
  }

  /** The clients that hear one another, each pair in the order of their names. */
  pairs(): string[] {
    const far = (end: string) => (end.endsWith('<') ? `${end.slice(0, -1)}>` : `${end.slice(0, -1)}<`)
    const isTrunk = (end: string) => /[<>]$/.test(end)
    const across = (end: string) =>
      this.wires.flat().includes(far(end)) && this.wires.find((wire) => wire.includes(far(end)))
    const found = this.wires.flatMap(([a, b]) => {
      const trunk = isTrunk(b) ? b : isTrunk(a) ? a : undefined
      if (trunk === undefined) return [[a, b].sort().join('+')]
      const rest = across(trunk)
      if (!rest) return []
      return [[trunk === b ? a : b, rest[0] === far(trunk) ? rest[1] : rest[0]].sort().join('+')]
    })
    return [...new Set(found)].sort()
  }

  /** Every connection that is wired, once for each time. */
  ends(): string[] {
    return this.wires.flat()
  }

  #join(first: Held, second: Held): Flow {
    assert.ok(first instanceof ModelHeld && second instanceof ModelHeld)
    assert.equal(first.room, second.room, 'halves of different rooms are joined')
    const [a, b] = [first.use(), second.use()]
    this.wires.push([a.name, b.name])
    this.#rooms.set(a.name, first.room)
    const ended = Promise.withResolvers<FlowEnd>()
    const end = (how: FlowEnd) => {
      a.destroy()
      b.destroy()
      ended.resolve(how)
    }
    for (const side of [a, b]) side.once('close', () => end({ how: 'reset', side: side === a ? 'first' : 'second' }))
    return {
      progress: () => ({ fromFirst: { bytes: 0, blocked: false }, fromSecond: { bytes: 0, blocked: false } }),
      ended: ended.promise,
      abort: () => end({ how: 'aborted' }),
    }
  }
}

class ModelHeld implements Held {
  readonly room: string
  readonly #connection: WireEnd
  #used = false

  constructor(connection: Connection, room: string) {
    assert.ok(connection instanceof WireEnd)
    this.#connection = connection
    this.room = room
  }

  use(): WireEnd {
    assert.ok(!this.#used, `${this.#connection.name} is joined twice`)
    this.#used = true
    return this.#connection
  }

  release(): void {
    this.#used = true
    this.#connection.destroy()
  }
}
