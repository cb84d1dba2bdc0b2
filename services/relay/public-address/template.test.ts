import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../../shared/bytestream/failure.ts'
import { fillPort, fillTemplate } from './template.ts'

const malformed = (error: unknown) => error instanceof Failure && error.code === 'malformed'

describe('fillTemplate()', () => {
  it('fills in the name of the pod and its number in the StatefulSet', () => {
    assert.equal(fillTemplate('{pod}.example.com', 'splice65-relay-12'), 'splice65-relay-12.example.com')
    assert.equal(fillTemplate('r{ordinal}.example.com', 'splice65-relay-12'), 'r12.example.com')
    assert.equal(fillTemplate('{ordinal}.{pod}.{ordinal}', 'a-1'), '1.a-1.1')
    assert.equal(fillTemplate('relay.example.com', 'laptop'), 'relay.example.com')
  })

  it('refuses a number of a pod that has none', () => {
    for (const pod of ['laptop', 'relay-5f6d7', 'relay3']) {
      assert.throws(() => fillTemplate('r{ordinal}.example.com', pod), malformed, pod)
    }
  })
})

describe('fillPort()', () => {
  it('reads a port, and a row of ports', () => {
    assert.equal(fillPort('7777', 'laptop'), 7777)
    assert.equal(fillPort('30777+{ordinal}', 'relay-0'), 30777)
    assert.equal(fillPort('30777+{ordinal}', 'relay-3'), 30780)
  })

  it('refuses what is no port, or becomes none', () => {
    for (const text of ['0', '65536', '', '-1', '7e3', '{ordinal}', '30777+{pod}', '{ordinal}+30777']) {
      assert.throws(() => fillPort(text, 'relay-0'), malformed, text)
    }
    assert.throws(() => fillPort('65535+{ordinal}', 'relay-1'), malformed)
    assert.throws(() => fillPort('30777+{ordinal}', 'laptop'), malformed)
  })
})
