import assert from 'node:assert/strict'
import { Handshake, type HandshakeStep } from '../../../services/relay/socks5/handshake.ts'
import { rep } from '../../../services/relay/socks5/reply.ts'
import type { Subject } from '../subject.ts'
import { askedOf, makeHandshake } from './socks5-bytes.ts'

/** RFC 1928 with nothing allowed: the parser by itself, in pieces of any size. */
export async function openSocks5(): Promise<Subject<Buffer[]>> {
  return {
    make: (choices) => choices.cut(choices.oneIn(10) ? choices.bytes(600) : makeHandshake(choices)),
    show: (pieces) => pieces.map((piece) => piece.toString('hex')).join(' '),
    check(pieces) {
      const input = Buffer.concat(pieces)
      const seen = converse(pieces)
      assert.deepEqual(seen, converse([input]), 'how the input was cut makes a difference')
      assert.ok(seen.answered.length <= input.length + 10, `answers ${seen.answered.length} bytes to ${input.length}`)
      const asked = askedOf(input)
      assert.deepEqual(seen.accepted, asked && { digest: asked.digest, rest: asked.rest }, 'what is accepted')
    },
  }
}

function converse(pieces: readonly Buffer[]) {
  const handshake = new Handshake()
  const answers: Buffer[] = []
  const rest: Buffer[] = []
  let last: HandshakeStep | undefined
  for (const piece of pieces) {
    // Behind the CONNECT the listener reads no more: it is the engine's.
    if (last?.step === 'connect') rest.push(piece)
    else if (last?.step !== 'refused') {
      for (const step of handshake.push(piece)) {
        last = step
        const answer = step.step === 'connect' ? step.request.reply(rep.succeeded) : step.answer
        if (answer) answers.push(answer)
        if (step.step === 'connect') rest.push(step.rest)
      }
    }
  }
  return {
    answered: Buffer.concat(answers),
    accepted: last?.step === 'connect' ? { digest: String(last.request.digest), rest: Buffer.concat(rest) } : undefined,
    refused: last?.step === 'refused' ? last.fault : undefined,
  }
}
