import assert from 'node:assert/strict'
import { type Duplex, duplexPair } from 'node:stream'
import { Bytestreams } from '../../../services/relay/bytestreams.ts'
import type { Connection } from '../../../services/relay/engine/engine.ts'
import { streamEngine } from '../../../services/relay/engine/stream.ts'
import { Pairing } from '../../../services/relay/pairing.ts'
import { RatePolicy } from '../../../services/relay/rate-policy.ts'
import { TicketOffice } from '../../../services/relay/ticket-office.ts'
import { listenTrunk } from '../../../services/relay/trunk.ts'
import { GO, MAGIC } from '../../../services/relay/trunk-preamble.ts'
import type { TrunkVisitors } from '../../../services/relay/trunk-transport.ts'
import { digestAsTyped } from '../../../services/shared/bytestream/digest.ts'
import { createMemoryRegistry } from '../../../services/shared/registry/memory.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { Subject } from '../subject.ts'

interface Visit {
  /** What stands for the ticket: the true one, one used before, or any bytes. */
  readonly ticket: 'sold' | 'used' | Buffer
  readonly magic: Buffer
  readonly behind: Buffer
  readonly cuts: readonly number[]
}

const room = { digest: digestAsTyped('fuzz', 'a@ex.com/R', 'b@ex.org/T'), streamhost: '' }
const ready = Buffer.from([1])

/** The trunk's preamble: nobody gets a half without a ticket, and none is joined without the word. */
export async function openTrunk(): Promise<Subject<Visit>> {
  const clock = new ManualClock()
  const registry = createMemoryRegistry({ clock })
  const rates = new RatePolicy({ streamRateBytes: 0, requesterRateBytes: 0, podRateBytes: 0 })
  let told = Promise.withResolvers<'refused' | 'joined'>()
  const events = {
    halfEnded: () => {},
    registryFailed: () => {},
    bytestreamStarted: () => told.resolve('joined'),
    bytestreamEnded: () => {},
    trunkRefused: () => told.resolve('refused'),
  }
  const limits = {
    ...{ idleTimeoutMs: 600_000, stallTimeoutMs: 600_000, lifetimeMs: 0 },
    ...{ maxBytestreams: 10, maxBytestreamBytes: 0 },
  }
  // Legs are in no account.
  const accounting = { open: () => {} }
  const bytestreams = new Bytestreams({ engine: streamEngine, rates, accounting, registry, clock, events }, limits)
  const pairing = new Pairing(
    { registry, clock, events, activated: () => false },
    { pod: 'relay-0', activationTimeoutMs: 120_000, finishedTimeoutMs: 10_000 },
  )
  const tickets = new TicketOffice({ clock }, { ticketTimeoutMs: 10_000 })
  let visitors: TrunkVisitors | undefined
  const transport = {
    dial: () => assert.fail('the holder of a half dials nobody'),
    async listen(_at: unknown, on: TrunkVisitors) {
      visitors = on
      return { address: { address: '127.0.0.1', family: 'IPv4', port: 0 }, stop() {} }
    },
  }
  const config = { trunkHost: '127.0.0.1', trunkPort: 0, handoffTimeoutMs: 60_000 }
  const listener = await listenTrunk({ transport, engine: streamEngine, tickets, pairing, bytestreams, events }, config)

  return {
    make: (choices) => ({
      ticket: choices.pick<'sold' | 'used' | Buffer>(['sold', 'used', choices.bytes(40)]),
      magic: choices.oneIn(3) ? choices.damage(MAGIC) : MAGIC,
      behind: choices.oneIn(3) ? choices.bytes(20) : Buffer.concat([GO, choices.bytes(50)]),
      cuts: [choices.below(60), choices.below(60)],
    }),
    show: ({ ticket, magic, behind, cuts }) => {
      const shown = typeof ticket === 'string' ? `the ${ticket} ticket` : ticket.toString('hex')
      return `${magic.toString('hex')}, ${shown}, ${behind.toString('hex')}, cut at ${cuts.join(' and ')}`
    },
    async check({ ticket, magic, behind, cuts }) {
      told = Promise.withResolvers()
      const [client, socket] = duplexPair()
      const half = await pairing.add(room, '192.0.2.1')
      pairing.wait(half, streamEngine.hold(connection(socket), { prefix: Buffer.alloc(0), room: 'fuzz' }, watch))
      const sold = tickets.issue({ half, owner: 'relay-1', confirmed: false })
      if (ticket === 'used') tickets.redeem(sold)
      const input = Buffer.concat([magic, typeof ticket === 'string' ? sold : ticket, behind])
      const [owner, holder] = duplexPair()
      const answers: Buffer[] = []
      owner.on('data', (bytes: Buffer) => answers.push(bytes)).on('error', () => {})
      visitors?.connection(connection(holder), '192.0.2.2')
      const ends = [...cuts].sort((a, b) => a - b)
      for (const [i, end] of [...ends, input.length].entries()) owner.write(input.subarray(ends[i - 1] ?? 0, end))
      owner.end()

      const outcome = await told.promise
      const valid = ticket === 'sold' && magic.equals(MAGIC)
      const answered = Buffer.concat(answers)
      assert.equal(outcome, valid && behind.subarray(0, 1).equals(GO) ? 'joined' : 'refused')
      assert.ok(valid ? answered.equals(ready) : answered.length === 0, `it answers ${answered.toString('hex')}`)
      if (outcome === 'refused' && valid) assert.equal(half.state, 'waiting', 'the half does not wait on')
      for (const end of [client, owner, socket, holder]) end.destroy()
      await bytestreams.stop()
      pairing.stop()
      assert.equal(pairing.size + bytestreams.size, 0, 'something was left behind')
      clock.advance(120_000)
    },
    async close() {
      listener.stop()
      await registry.close()
    },
  }
}

const watch = { finished() {}, gone() {} }

function connection(duplex: Duplex): Connection {
  duplex.on('error', () => {})
  return Object.assign(duplex, { bytesWritten: 0, resetAndDestroy: () => duplex.destroy() })
}
