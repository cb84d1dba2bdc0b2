import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../shared/bytestream/failure.ts'
import { readOptions } from '../shared/runtime/options.ts'
import { controlOptions } from './config.ts'

const needed = {
  CONTROL_COMPONENT_DOMAIN: 'proxy.example.com',
  CONTROL_COMPONENT_SECRET: 's3cr3t',
  CONTROL_STREAMHOSTS: 'relay.example.com:7777',
}

function fault(env: Record<string, string>): string {
  try {
    readOptions('control', controlOptions, { ...needed, ...env })
  } catch (error) {
    assert.ok(error instanceof Failure)
    return error.message
  }
  assert.fail('nothing was refused')
}

describe('controlOptions', () => {
  it('takes bare JIDs as administrators, prepared, and nothing else', () => {
    const { admins } = readOptions('control', controlOptions, {
      ...needed,
      CONTROL_ADMINS: 'Ann@Example.com, bob@ex.org',
    })
    assert.deepEqual(admins, ['ann@example.com', 'bob@ex.org'])
    assert.match(fault({ CONTROL_ADMINS: 'ann@example.com/phone' }), /CONTROL_ADMINS: Not a bare JID/)
    assert.match(fault({ CONTROL_ADMINS: 'example.com' }), /CONTROL_ADMINS: Not a bare JID/)
  })

  it('needs the name and the secret of the component, and an address to advertise', () => {
    const config = readOptions('control', controlOptions, needed)
    assert.deepEqual(
      [
        config.componentDomain,
        config.componentPort,
        config.streamhosts.length,
        config.streamhostMode,
        config.overtakeMs,
      ],
      ['proxy.example.com', 5347, 1, 'shared', 2_000],
    )
    assert.throws(
      () => readOptions('control', controlOptions, {}),
      /CONTROL_COMPONENT_DOMAIN[\s\S]*CONTROL_COMPONENT_SECRET/,
    )
  })

  it('leads the component stream, which has no encryption, to no public address unless told to', () => {
    const host = (componentHost: string, env: Record<string, string> = {}) =>
      readOptions('control', controlOptions, { ...needed, CONTROL_COMPONENT_HOST: componentHost, ...env }).componentHost
    for (const near of ['localhost', 'prosody.chat.svc', '10.0.0.7', 'fd00::7', '192.168.1.1']) host(near)
    for (const far of ['203.0.113.7', '2001:db8::7']) {
      assert.match(
        fault({ CONTROL_COMPONENT_HOST: far }),
        /CONTROL_COMPONENT_HOST: a public address.*CONTROL_COMPONENT_INSECURE/,
      )
      assert.equal(host(far, { CONTROL_COMPONENT_INSECURE: 'true' }), far)
    }
  })

  it('prepares the name of the component', () => {
    const config = readOptions('control', controlOptions, { ...needed, CONTROL_COMPONENT_DOMAIN: 'Proxy.Example.COM' })
    assert.equal(config.componentDomain, 'proxy.example.com')
  })

  it('reads streamhosts', () => {
    const config = readOptions('control', controlOptions, {
      ...needed,
      CONTROL_STREAMHOSTS: 'relay.example.com:7777, tls=[2001:db8::1]:443',
    })
    assert.deepEqual(config.streamhosts, [
      { name: '', host: 'relay.example.com', port: 7777 },
      { name: 'tls', host: '2001:db8::1', port: 443 },
    ])
  })

  const faults: [variable: string, value: string, says: RegExp][] = [
    ['CONTROL_COMPONENT_DOMAIN', 'a@example.com', /Not a domain/],
    ['CONTROL_COMPONENT_SECRET', 'schlüssel', /printable ASCII/],
    ['CONTROL_STREAMHOSTS', 'relay.example.com', /Not a streamhost/],
    ['CONTROL_STREAMHOSTS', 'a:1,b:1', /only one streamhost may go without a name/],
    ['CONTROL_ALLOW', 'example.com,@', /JIDs, domains/],
    ['CONTROL_DENY', '*.', /JIDs, domains/],
    ['CONTROL_CONTACT_ABUSE', 'abuse', /URIs/],
    ['CONTROL_STREAMHOST_MODE', 'each', /CONTROL_STREAMHOST_MODE/],
  ]
  for (const [variable, value, says] of faults) {
    it(`refuses ${variable}=${value}, by its name`, () => {
      const message = fault({ [variable]: value })
      assert.match(message, new RegExp(variable))
      assert.match(message, says)
    })
  }

  it('needs no shared address where relays are advertised per pod', () => {
    const { CONTROL_STREAMHOSTS: _, ...withoutAddress } = needed
    const perPod = { ...withoutAddress, CONTROL_STREAMHOST_MODE: 'per-pod' }
    assert.deepEqual(readOptions('control', controlOptions, perPod).streamhosts, [])
    assert.throws(
      () => readOptions('control', controlOptions, withoutAddress),
      /CONTROL_STREAMHOSTS: there must be one/,
    )
  })

  it('never shows the secret it refuses', () => {
    assert.doesNotMatch(fault({ CONTROL_COMPONENT_SECRET: 'canary-ü' }), /canary/)
  })

  it('describes every option', () => {
    const bare = Object.entries(controlOptions.shape).filter(([, type]) => !type.description)
    assert.deepEqual(bare, [])
  })
})
