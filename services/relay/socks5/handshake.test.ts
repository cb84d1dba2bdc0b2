import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Handshake, type HandshakeStep } from './handshake.ts'
import { rep } from './reply.ts'

const digest = 'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b'
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const named = (name: string, head = '05 01 00 03', port = '00 00'): Buffer =>
  Buffer.concat([hex(head), Buffer.from([name.length]), Buffer.from(name, 'latin1'), hex(port)])
const greeting = hex('05 01 00')
const connect = named(digest)

/** Feeds the pieces; the replies of a proxy that accepts everything, in order. */
function converse(...pieces: Buffer[]): { steps: HandshakeStep[]; answers: string; rest: string } {
  const handshake = new Handshake()
  const steps = pieces.flatMap((piece) => handshake.push(piece))
  const answers = steps.map((step) => (step.step === 'connect' ? step.request.reply(rep.succeeded) : step.answer))
  const last = steps.at(-1)
  return {
    steps,
    answers: Buffer.concat(answers.filter((answer) => answer !== undefined)).toString('hex'),
    rest: last?.step === 'connect' ? last.rest.toString() : '',
  }
}

const accepted = `0500${Buffer.concat([hex('05 00 00 03 28'), Buffer.from(digest), hex('00 00')]).toString('hex')}`

describe('Handshake', () => {
  it('answers a greeting and a CONNECT with the bytes of XEP-0065 §6.3.2', () => {
    assert.equal(converse(greeting, connect).answers, accepted)
  })

  it('gives the same answers wherever the input is cut', () => {
    const whole = Buffer.concat([greeting, connect, Buffer.from('payload')])
    for (let first = 0; first <= whole.length; first++) {
      for (let second = first; second <= whole.length; second++) {
        const { answers } = converse(whole.subarray(0, first), whole.subarray(first, second), whole.subarray(second))
        assert.equal(answers, accepted, `cut at ${first} and ${second}`)
      }
    }
  })

  it('takes the bytes one by one', () => {
    const bytes = [...Buffer.concat([greeting, connect])].map((byte) => Buffer.from([byte]))
    assert.equal(converse(...bytes).answers, accepted)
  })

  it('keeps what comes behind the CONNECT as payload', () => {
    assert.equal(converse(Buffer.concat([greeting, connect, Buffer.from('payload')])).rest, 'payload')
  })

  it('takes nothing more after the CONNECT', () => {
    const handshake = new Handshake()
    handshake.push(Buffer.concat([greeting, connect]))
    assert.deepEqual(handshake.push(greeting), [])
  })

  it('finds the method among others', () => {
    assert.equal(converse(hex('05 03 02 80 00'), connect).answers, accepted)
  })

  it('accepts upper case, names the digest in lower case and echoes what was sent', () => {
    const upper = digest.toUpperCase()
    const { steps, answers } = converse(greeting, named(upper))
    const last = steps.at(-1)
    assert.ok(last?.step === 'connect')
    assert.equal(last.request.digest, digest)
    assert.ok(answers.includes(Buffer.from(upper).toString('hex')))
  })

  it('tolerates a port and echoes it', () => {
    assert.match(converse(greeting, named(digest, '05 01 00 03', '00 50')).answers, /0050$/)
  })

  const echo = (code: string, name: string) =>
    `0500${hex(`05 ${code} 00 03`).toString('hex')}${Buffer.from([name.length]).toString('hex')}${Buffer.from(name, 'latin1').toString('hex')}0000`
  const refusals: [what: string, input: Buffer, answer: string][] = [
    ['SOCKS4', hex('04 01'), ''],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), ''],
    ['a TLS hello', hex('16 03 01 02 00'), ''],
    ['no methods', hex('05 00'), '05ff'],
    ['only GSSAPI and password', hex('05 02 01 02'), '05ff'],
    ['a request of another version', Buffer.concat([greeting, hex('04 01 00 03')]), '0500 05010001000000000000'],
    ['a reserved byte', Buffer.concat([greeting, hex('05 01 01 03')]), '0500 05010001000000000000'],
    ['BIND to an address', Buffer.concat([greeting, hex('05 02 00 01')]), '0500 05070001000000000000'],
    ['BIND to a name', Buffer.concat([greeting, named('host', '05 02 00 03')]), echo('07', 'host')],
    ['UDP ASSOCIATE to a digest', Buffer.concat([greeting, named(digest, '05 03 00 03')]), echo('07', digest)],
    ['CONNECT to IPv4', Buffer.concat([greeting, hex('05 01 00 01')]), '0500 05080001000000000000'],
    ['CONNECT to IPv6', Buffer.concat([greeting, hex('05 01 00 04')]), '0500 05080001000000000000'],
    ['CONNECT to an unknown type', Buffer.concat([greeting, hex('05 01 00 09')]), '0500 05080001000000000000'],
    ['CONNECT to a host', Buffer.concat([greeting, named('localhost')]), echo('02', 'localhost')],
    ['CONNECT to no name', Buffer.concat([greeting, named('')]), echo('02', '')],
    ['39 digits', Buffer.concat([greeting, named(digest.slice(1))]), echo('02', digest.slice(1))],
    ['41 digits', Buffer.concat([greeting, named(`${digest}0`)]), echo('02', `${digest}0`)],
    ['40 characters that are not digits', Buffer.concat([greeting, named('x'.repeat(40))]), echo('02', 'x'.repeat(40))],
    ['255 characters', Buffer.concat([greeting, named('a'.repeat(255))]), echo('02', 'a'.repeat(255))],
  ]
  for (const [what, input, answer] of refusals) {
    it(`refuses ${what}`, () => {
      const { steps, answers } = converse(input)
      assert.equal(steps.at(-1)?.step, 'refused')
      assert.equal(answers, answer.replaceAll(' ', ''))
      const bytewise = converse(...[...input].map((byte) => Buffer.from([byte])))
      assert.equal(bytewise.answers, answers)
    })
  }

  it('waits for more at every byte before the end', () => {
    const whole = Buffer.concat([greeting, connect])
    for (let length = 0; length < whole.length; length++) {
      const { steps } = converse(whole.subarray(0, length))
      assert.ok(steps.every((step) => step.step === 'greeted'))
    }
  })

  it('tells a probe, which leaves between two messages, from an attempt', () => {
    const handshake = new Handshake()
    assert.equal(handshake.underWay, false)
    handshake.push(greeting.subarray(0, 1))
    assert.equal(handshake.underWay, true)
    handshake.push(greeting.subarray(1))
    assert.equal(handshake.underWay, false)
    handshake.push(connect)
    assert.equal(handshake.underWay, true)
  })

  it('never throws and never answers more than it was sent plus ten bytes', () => {
    const piece = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    const likely = fc.constantFrom(greeting, connect, hex('05'), hex('00'), hex('03 28'), Buffer.from(digest))
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, likely), { maxLength: 8 }), (pieces) => {
        const sent = pieces.reduce((sum, bytes) => sum + bytes.length, 0)
        assert.ok(converse(...pieces).answers.length / 2 <= sent + 10)
      }),
      { numRuns: 2_000 },
    )
  })
})
