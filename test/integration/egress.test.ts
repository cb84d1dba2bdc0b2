import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { EgressReport } from '../support/egress-scene.ts'
import { hostileConnects } from '../support/hostile-connects.ts'
import { namespaceFault } from '../support/namespace.ts'

const fault = namespaceFault()
const skip = fault !== undefined && `no network namespace can be made here (it takes root and nft): ${fault}`

/** What clients, and whoever writes to Redis, can make relays and control dial. */
describe('The services in a network namespace', { skip }, () => {
  let report: EgressReport

  before(async () => {
    const scene = ['--net', process.execPath, 'test/support/egress-scene.ts']
    const { stdout } = await promisify(execFile)('unshare', scene, { cwd: `${import.meta.dirname}/../..` })
    report = JSON.parse(stdout)
  })

  it('have opened connections to nothing but Redis, relays and the XMPP server, not even to ask for a name', () => {
    assert.deepEqual(
      report.dialled.filter((address) => !report.allowed.includes(address)),
      [],
    )
  })

  it('were watched: a dial of anybody else’s there is seen', () => {
    assert.deepEqual(report.seen, ['tcp4 198.51.100.7:80', 'tcp6 2001:db8::7:80', 'udp4 198.51.100.7:53'])
  })

  it('have carried an honest bytestream across the trunk meanwhile', () => {
    assert.equal(report.carried, 'honest bytes')
    const [redis, server, ...relays] = report.allowed.filter((address) => report.dialled.includes(address))
    assert.ok(redis && server && relays.length >= 2, `the trunk is among ${report.dialled}`)
  })

  it('have refused every hostile CONNECT with the code it deserves', () => {
    assert.ok(hostileConnects.length >= 40)
    for (const { fact, rep } of hostileConnects) assert.equal(report.reps[fact], rep ?? null, fact)
  })

  it('have activated nothing that was asked of them in the name of some place', () => {
    const verdicts = Object.entries(report.verdicts)
    assert.ok(verdicts.length >= 40)
    for (const [fact, verdict] of verdicts) {
      if (!fact.startsWith('a question')) assert.notEqual(verdict, 'result', fact)
    }
  })

  it('have told nobody an address that is in Redis without a relay’s seal', () => {
    assert.deepEqual(report.misled, [])
  })

  it('listen on the ports that they were given and on no other', () => {
    assert.deepEqual(report.listening, report.documented)
  })
})
