import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAGIC } from '../../services/relay/trunk-preamble.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'
import { cases, clients } from './cases.ts'
import { explore, Violation } from './explorer.ts'
import { exploreOnThread } from './explorer-thread.ts'
import type { Case, Mutation } from './system.ts'

describe('Pairing and activation, in every order in which messages can arrive', () => {
  for (const [what, given] of cases) {
    it(`joins whom it should and never gets stuck: ${what}`, async (test) => {
      const { states, ends } = await exploreOnThread(given)
      test.diagnostic(`${states} states, ${ends} of them at rest`)
      assert.ok(states > 500, `only ${states} states were reached`)
    })
  }
})

/** Mistakes that the exploration has to find; each in the place of one real part. */
const mutations: readonly [mistake: string, finds: RegExp, given: Case & { readonly mutation: Mutation }][] = [
  [
    'a claim that does not look whether both slots are held',
    /three halves are accepted/,
    {
      clients: clients('A', 'A', 'B'),
      faults: [],
      mutation: {
        registry: (registry) => ({
          ...bound(registry),
          claim: (room, half) => registry.claim(room, half).catch(() => ({ slot: 'second' })),
        }),
      },
    },
  ],
  [
    'a success that does not wait for the relays',
    /no two clients hear one another|told that they are joined/,
    {
      clients: clients('A', 'B'),
      faults: [],
      mutation: {
        clients: (relays) => ({
          ...relays,
          at: (address) => ({ ...relays.at(address), activate: async () => ({ path: 'PATH_LOCAL', bytestream: 'b' }) }),
        }),
      },
    },
  ],
  [
    'a ticket that opens no trunk, and a trunk that is believed all the same',
    /no two clients hear one another|joined with nobody|told that they are joined|cannot be activated/,
    {
      clients: clients('A', 'B'),
      faults: [],
      mutation: {
        transport: (transport) => ({
          ...transport,
          async dial(address, signal) {
            const trunk = await transport.dial(address, signal)
            const write = trunk.write.bind(trunk)
            trunk.write = (chunk: Buffer) => write(chunk.length > MAGIC.length ? Buffer.alloc(chunk.length) : chunk)
            setImmediate(() => trunk.push(Buffer.from([1])))
            return trunk
          },
        }),
      },
    },
  ],
]

describe('explore()', () => {
  for (const [mistake, finds, given] of mutations) {
    it(`finds ${mistake}`, async () => {
      await assert.rejects(explore(given), (error) => {
        assert.ok(error instanceof Violation)
        assert.match(error.message, finds)
        return true
      })
    })
  }

  it('finds nothing where the registry lets both controls activate: relays see to it themselves', async () => {
    const registry = (whole: Registry): Registry => ({
      ...bound(whole),
      async claimActivation(room, claimant) {
        const claim = await whole.claimActivation(room, claimant)
        await whole.settleActivation(room, claimant, false)
        return claim
      },
    })
    await explore({ clients: clients('A', 'B'), faults: [], mutation: { registry } })
  })

  it('finds nothing where the registry never gives an activation up: control takes it over', async () => {
    const registry = (whole: Registry): Registry => {
      let held = false
      return {
        ...bound(whole),
        async claimActivation(room, claimant) {
          if (held) return { state: 'activating' }
          const claim = await whole.claimActivation(room, claimant)
          held = claim.state === 'claimed'
          return claim
        },
      }
    }
    await explore({ clients: clients('A', 'B'), faults: ['crash B'], mutation: { registry } })
  })

  it('reaches the same states every time', async () => {
    const given = { clients: clients('A', 'A'), faults: [] }
    assert.deepEqual(await explore(given), await explore(given))
  })
})

/** The methods of a registry, to be replaced one by one. */
function bound(registry: Registry): typeof registry {
  return {
    reachable: true,
    accounts: registry.accounts,
    claim: registry.claim.bind(registry),
    renew: registry.renew.bind(registry),
    release: registry.release.bind(registry),
    claimActivation: registry.claimActivation.bind(registry),
    settleActivation: registry.settleActivation.bind(registry),
    bury: registry.bury.bind(registry),
    announce: registry.announce.bind(registry),
    withdraw: registry.withdraw.bind(registry),
    relays: registry.relays.bind(registry),
    onReturn: () => () => {},
    close: registry.close.bind(registry),
  }
}
