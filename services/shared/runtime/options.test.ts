import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { z } from 'zod'
import { Failure } from '../bytestream/failure.ts'
import { describeOptions, environmentName, integer, list, port, readOptions, secret } from './options.ts'

const schema = z.object({
  socksPort: port().default(7777),
  activationTimeoutMs: integer(1).default(120_000),
  allow: list().default([]),
  perPod: z.stringbool().default(false),
  rpcToken: secret(z.string().min(8).optional()),
})

const folder = mkdtempSync(join(tmpdir(), 'splice65-options-'))
after(() => rmSync(folder, { recursive: true }))

const refusal = (env: Record<string, string>): string => {
  try {
    readOptions('relay', schema, env)
  } catch (error) {
    assert.ok(error instanceof Failure && error.code === 'malformed')
    return error.message
  }
  assert.fail('nothing was refused')
}

describe('environmentName()', () => {
  it('is the service and the option in upper snake case', () => {
    assert.equal(environmentName('relay', 'activationTimeoutMs'), 'RELAY_ACTIVATION_TIMEOUT_MS')
  })
})

describe('describeOptions()', () => {
  it('names every option, what it means, and what it is when nobody sets it', () => {
    const described = z.object({
      rate: integer(1).default(5).describe('How fast.'),
      names: list().default(['a', 'b']).describe('Who.'),
      domain: z.string().describe('Where.'),
      token: secret(z.string().optional().describe('The token.')),
    })
    const text = describeOptions('relay', described)
    assert.match(text, /RELAY_RATE\n {6}How fast\. \(default 5\)/)
    assert.match(text, /RELAY_NAMES\n {6}Who\. \(default a,b\)/)
    assert.match(text, /RELAY_DOMAIN\n {6}Where\. \(required\)/)
    assert.match(text, /RELAY_TOKEN or RELAY_TOKEN_FILE\n {6}The token\.\n/)
  })
})

describe('readOptions()', () => {
  it('takes defaults for what is absent or empty, and freezes the result', () => {
    const config = readOptions('relay', schema, { RELAY_SOCKS_PORT: '', RELAY_ALLOW: ' ', OTHER: 'x' })
    assert.deepEqual(config, { socksPort: 7777, activationTimeoutMs: 120_000, allow: [], perPod: false })
    assert.ok(Object.isFrozen(config))
  })

  it('reads numbers, flags and lists', () => {
    const config = readOptions('relay', schema, { RELAY_SOCKS_PORT: '0', RELAY_PER_POD: 'true', RELAY_ALLOW: 'a, b,,' })
    assert.deepEqual([config.socksPort, config.perPod, config.allow], [0, true, ['a', 'b']])
  })

  it('names all faults at once, by variable', () => {
    const message = refusal({
      RELAY_SOCKS_PORT: '70000',
      RELAY_ACTIVATION_TIMEOUT_MS: '1e3',
      RELAY_PER_POD: 'perhaps',
      RELAY_TPYO: '1',
    })
    for (const name of [
      'RELAY_SOCKS_PORT',
      'RELAY_ACTIVATION_TIMEOUT_MS',
      'RELAY_PER_POD',
      'RELAY_TPYO: no such option',
    ]) {
      assert.match(message, new RegExp(name))
    }
  })

  it('says of an option that must be given what it is', () => {
    const needed = z.object({ domain: z.string().describe('Where.'), token: secret(z.string().describe('The token.')) })
    assert.throws(() => readOptions('relay', needed, {}), {
      message: /RELAY_DOMAIN is needed: Where\.\n {2}RELAY_TOKEN or RELAY_TOKEN_FILE is needed: The token\./,
    })
  })

  it('reads a secret from a file, and never shows its value', () => {
    const file = join(folder, 'token')
    writeFileSync(file, 'canary-secret\n')
    assert.equal(readOptions('relay', schema, { RELAY_RPC_TOKEN_FILE: file }).rpcToken, 'canary-secret')
    writeFileSync(file, 'canary')
    assert.doesNotMatch(refusal({ RELAY_RPC_TOKEN_FILE: file }), /canary/)
    assert.match(refusal({ RELAY_RPC_TOKEN_FILE: join(folder, 'absent') }), /RELAY_RPC_TOKEN_FILE: cannot read/)
    assert.match(refusal({ RELAY_RPC_TOKEN_FILE: file, RELAY_RPC_TOKEN: 'canary-secret' }), /not both/)
  })
})
