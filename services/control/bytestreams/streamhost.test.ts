import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { RelayRecord } from '../../shared/registry/registry.ts'
import type { Directory } from '../directory.ts'
import { advertised, parseStreamhost, parseStreamhosts, type StreamhostOptions, streamhostNames } from './streamhost.ts'

const malformed = (error: unknown) => error instanceof Failure && error.code === 'malformed'

describe('parseStreamhost()', () => {
  const texts: [text: string, name: string, host: string, port: number][] = [
    ['relay.example.com:7777', '', 'relay.example.com', 7777],
    ['Relay.Example.com:7777', '', 'relay.example.com', 7777],
    ['192.0.2.4:443', '', '192.0.2.4', 443],
    ['[2001:DB8:0:0:0:0:0:1]:1080', '', '2001:db8::1', 1080],
    ['tls=relay.example.com:443', 'tls', 'relay.example.com', 443],
    ['v6=[::1]:1', 'v6', '::1', 1],
  ]
  for (const [text, name, host, port] of texts) {
    it(`reads ${text}`, () => assert.deepEqual(parseStreamhost(text), { name, host, port }))
  }

  it('refuses what is not one', () => {
    for (const text of [
      '',
      'host',
      'host:',
      ':1',
      'host:0',
      'host:65536',
      '::1:7777',
      '[host]:1',
      'a b=host:1',
      'h/x:1',
    ]) {
      assert.throws(() => parseStreamhost(text), malformed, text)
    }
  })
})

describe('parseStreamhosts()', () => {
  it('takes several that differ in name and in address', () => {
    assert.equal(parseStreamhosts(['h:1', 'a=h:2', 'b=g:1']).length, 3)
  })

  it('refuses two without a name, two of one name, and two at one address', () => {
    assert.throws(() => parseStreamhosts(['h:1', 'g:1']), malformed)
    assert.throws(() => parseStreamhosts(['a=h:1', 'a=g:1']), malformed)
    assert.throws(() => parseStreamhosts(['h:1', 'a=H:1']), malformed)
  })
})

const relay = (name: string, load: number, rest: Partial<RelayRecord> = {}): RelayRecord => ({
  name,
  rpcAddress: `${name}:1`,
  streamhost: { host: `${name}.example.com`, port: 7777 },
  load,
  draining: false,
  version: '1',
  ...rest,
})
const shared = { name: '', host: 'relay.example.com', port: 7777 }

function directoryOf(relays: RelayRecord[], noneAlive = false): Directory {
  return {
    alive: () => relays,
    known: () => relays,
    find: () => undefined,
    noneAlive: () => noneAlive,
    missingMs: () => 0,
    stop: async () => {},
  }
}

function optionsFor(streamhostMode: 'shared' | 'per-pod'): StreamhostOptions {
  return { componentDomain: 'p', streamhosts: [shared], streamhostMode, perPodStreamhosts: 2 }
}

describe('advertised()', () => {
  const names = (relays: RelayRecord[], mode: 'shared' | 'per-pod', noneAlive = false) =>
    advertised(directoryOf(relays, noneAlive), optionsFor(mode)).map(({ name }) => name)

  it('tells the shared addresses only, unless per pod', () => {
    assert.deepEqual(names([relay('r0', 0)], 'shared'), [''])
  })

  it('tells the least loaded relays first and the shared addresses last', () => {
    assert.deepEqual(names([relay('r0', 5), relay('r1', 1), relay('r2', 3)], 'per-pod'), ['r1', 'r2', ''])
  })

  it('never tells a relay that drains or has no address of its own', () => {
    const { streamhost: _, ...hidden } = relay('r1', 0)
    assert.deepEqual(names([relay('r0', 0, { draining: true }), hidden, relay('r2', 9)], 'per-pod'), ['r2', ''])
  })

  it('tells nothing when there is no relay at all', () => {
    assert.deepEqual(names([], 'shared', true), [])
  })
})

describe('streamhostNames()', () => {
  it('names every address that may have been told: when per pod that of each relay which has one', () => {
    const { streamhost: _, ...hidden } = relay('r1', 0)
    const directory = directoryOf([relay('r0', 5, { draining: true }), hidden, relay('r2', 9), relay('r3', 1)])
    assert.deepEqual(streamhostNames(directory, optionsFor('per-pod')), ['', 'r0', 'r2', 'r3'])
    assert.deepEqual(streamhostNames(directory, optionsFor('shared')), [''])
  })
})
