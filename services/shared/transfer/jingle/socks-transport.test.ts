import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStanza } from '../../../../test/support/parse-stanza.ts'
import { StanzaError } from '../../xmpp/stanza-error.ts'
import { ns, xml } from '../../xmpp/xml.ts'
import {
  formatSocksTransport,
  formatTransportInfo,
  ownCandidates,
  parseSocksTransport,
  parseTransportInfo,
} from './socks-transport.ts'

const direct = [
  { jid: 'a@ex.com/R', host: '192.0.2.1', port: 5086 },
  { jid: 'a@ex.com/R', host: '2001:db8::1', port: 5086 },
]
const proxied = [{ jid: 'proxy.ex.com', host: 'relay.ex.com', port: 7777 }]
const sid = 't1'

describe('ownCandidates()', () => {
  it('puts direct addresses before proxies, each in its order', () => {
    const candidates = ownCandidates(direct, proxied, 'initiator')
    const ranked = candidates.toSorted((a, b) => b.priority - a.priority)
    assert.deepEqual(
      ranked.map(({ host }) => host),
      ['192.0.2.1', '2001:db8::1', 'relay.ex.com'],
    )
    assert.deepEqual(
      candidates.map(({ type, priority }) => [type, Math.floor(priority / 65_536)]),
      [
        ['direct', 126],
        ['direct', 126],
        ['proxy', 10],
      ],
    )
  })

  it('gives no two of both sides the same priority', () => {
    const all = (['initiator', 'responder'] as const).flatMap((role) => ownCandidates(direct, proxied, role))
    assert.equal(new Set(all.map(({ priority }) => priority)).size, all.length)
  })
})

describe('parseSocksTransport()', () => {
  it('reads what formatSocksTransport() wrote', () => {
    const candidates = ownCandidates(direct, proxied, 'responder')
    const written = parseStanza(formatSocksTransport({ sid, candidates }).toString())
    assert.deepEqual(parseSocksTransport(written), { sid, candidates })
  })

  it('reads the examples of XEP-0260', () => {
    const transport =
      parseStanza(`<transport xmlns='${ns.jingleSocks}' dstaddr='972b7bf47291ca609517f67f86b5081086052dad'
      mode='tcp' sid='vj3hs98y'>
      <candidate cid='hft54dqy' host='192.168.4.1' jid='romeo@montague.lit/orchard' port='5086' priority='8257636' type='direct'/>
      <candidate cid='hutr46fe' host='24.24.24.1' jid='romeo@montague.lit/orchard' priority='8258636'/>
    </transport>`)
    assert.deepEqual(
      parseSocksTransport(transport)?.candidates.map(({ cid, port, type }) => [cid, port, type]),
      [
        ['hft54dqy', 5086, 'direct'],
        ['hutr46fe', 1080, 'direct'],
      ],
    )
  })

  it('leaves out what nobody could dial, and whatever is too much', () => {
    const good = { cid: 'c', jid: 'a@ex.com/R', host: 'h', port: 1, priority: 1 }
    const bad = [{ cid: '' }, { host: undefined }, { port: 0 }, { port: 65_536 }, { priority: 0 }, { type: 'x' }]
    const transport = (many: number) =>
      xml('transport', { xmlns: ns.jingleSocks, sid }, [
        ...bad.map((change) => xml('candidate', { ...good, ...change })),
        ...Array.from({ length: many }, () => xml('candidate', good)),
      ])
    assert.equal(parseSocksTransport(transport(1))?.candidates.length, 1)
    assert.equal(parseSocksTransport(transport(100))?.candidates.length, 16)
  })

  it('is not for UDP, nor for other transports', () => {
    assert.equal(parseSocksTransport(xml('transport', { xmlns: ns.jingleSocks, sid, mode: 'udp' })), undefined)
    assert.equal(parseSocksTransport(xml('transport', { xmlns: ns.jingleSocks })), undefined)
    assert.equal(parseSocksTransport(xml('transport', { xmlns: ns.jingleInBand, sid })), undefined)
  })
})

describe('parseTransportInfo()', () => {
  it('reads what formatTransportInfo() wrote', () => {
    for (const info of [
      { kind: 'candidate-used', cid: 'c1' },
      { kind: 'activated', cid: 'c1' },
      { kind: 'candidate-error' },
      { kind: 'proxy-error' },
    ] as const) {
      assert.deepEqual(parseTransportInfo(formatTransportInfo(sid, info), sid), info)
    }
  })

  it('refuses another stream, several words, none, and those it does not know', () => {
    const transport = (...names: string[]) =>
      xml(
        'transport',
        { xmlns: ns.jingleSocks, sid },
        names.map((name) => xml(name)),
      )
    const isBad = (error: unknown) => error instanceof StanzaError && error.condition === 'bad-request'
    assert.throws(() => parseTransportInfo(formatTransportInfo('t2', { kind: 'proxy-error' }), sid), isBad)
    assert.throws(() => parseTransportInfo(undefined, sid), isBad)
    assert.throws(() => parseTransportInfo(transport(), sid), isBad)
    assert.throws(() => parseTransportInfo(transport('candidate-error', 'proxy-error'), sid), isBad)
    assert.throws(() => parseTransportInfo(transport('candidate-used'), sid), isBad)
    assert.throws(() => parseTransportInfo(transport('gather'), sid), isBad)
  })
})
