import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { demandToken } from './demand-token.ts'

const rpcToken = 'a token of tests only'

describe('demandToken()', () => {
  it('wants none on loopback', () => {
    for (const rpcHost of ['127.0.0.1', '::1', 'localhost']) demandToken('control', { rpcHost })
  })

  it('wants one wherever others can reach, and names the variable', () => {
    for (const rpcHost of ['0.0.0.0', '::', '10.0.0.1']) {
      assert.throws(() => demandToken('control', { rpcHost }), /CONTROL_RPC_TOKEN_FILE is needed/)
      demandToken('control', { rpcHost, rpcToken })
    }
  })
})
