import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { describe, it } from 'node:test'
import { isPublicAddress, lookUpNearby } from './nearby.ts'

describe('isPublicAddress()', () => {
  it('tells what is routed on the Internet from what is not', () => {
    const near = ['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '100.64.0.1', '169.254.1.1', '0.0.0.0']
    const nearV6 = ['::1', '::', 'fd00::1', 'fe80::1', '::ffff:10.0.0.1']
    const far = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '192.169.0.1', '126.255.255.255', '11.0.0.1']
    const farV6 = ['2001:4860:4860::8888', '2a00::1', '::ffff:8.8.8.8', '::2']
    for (const address of [...near, ...nearV6]) assert.ok(!isPublicAddress(address), address)
    for (const address of [...far, ...farV6]) assert.ok(isPublicAddress(address), address)
    for (const name of ['prosody.chat.svc', 'localhost', 'example.com']) assert.ok(!isPublicAddress(name), name)
  })
})

describe('lookUpNearby()', () => {
  const lookup = lookUpNearby((host) => new Error(`${host} is far`))
  const look = (host: string, all: boolean) =>
    new Promise<string | LookupAddress[]>((resolve, reject) => {
      lookup(host, { all }, (error, found) => (error ? reject(error) : resolve(found)))
    })

  it('gives addresses nearby, one or all', async () => {
    assert.match(String(await look('localhost', false)), /^(127\.0\.0\.1|::1)$/)
    const all = await look('localhost', true)
    assert.ok(Array.isArray(all) && all.length > 0)
  })

  it('refuses a name that leads far away, and passes on why a name leads nowhere', async () => {
    // 8.8.8.8 in two forms that are no addresses to Node, and to every resolver.
    for (const name of ['134744072', '8.526344']) {
      for (const all of [true, false]) await assert.rejects(look(name, all), new Error(`${name} is far`))
    }
    await assert.rejects(look('nowhere.invalid', true), { syscall: 'getaddrinfo' })
  })
})
