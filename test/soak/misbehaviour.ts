import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { agree } from '../support/pair.ts'
import { closed, greeting, readUpTo } from '../support/socks-client.ts'
import type { Attempt } from './attempt.ts'
import { keyedBytes, receiveKeyed, sendKeyed, WrongBytes } from './keyed-bytes.ts'
import type { RelayPlace } from './stage.ts'

/** What a client may do wrong, and what must come of it. */
export interface Misbehaviour {
  /** As the report calls it. */
  readonly name: string
  /** Does it; `kept` is a relay that is always there. Throws when something else comes of it than should. */
  run(attempt: Attempt, kept: RelayPlace): Promise<void>
}

const mib = 1024 * 1024

/** Every kind of it. They come in turn. */
export const misbehaviours: readonly Misbehaviour[] = [
  {
    name: 'reset midway',
    async run(attempt) {
      const [near, far] = await attempt.join()
      const bytes = keyedBytes(mib)
      const breakOff = async () => {
        await sendKeyed(near.socket, bytes, bytes.size / 2)
        near.socket.resetAndDestroy()
      }
      const received = receiveKeyed(far.socket, bytes)
      await Promise.all([breakOff(), assert.rejects(received, (error) => !(error instanceof WrongBytes))])
    },
  },
  {
    name: 'never activated',
    async run(attempt) {
      const halves = [await attempt.dial(0), await attempt.dial(1)]
      await Promise.all(halves.map(({ socket }) => closed(socket)))
    },
  },
  {
    name: 'greets and leaves',
    async run(_attempt, { socks }) {
      const socket = connect({ ...socks, allowHalfOpen: true })
      const gone = once(socket, 'close')
      socket.write(greeting)
      const answer = await readUpTo(socket, 2)
      socket.end().resume()
      await gone
      assert.equal(answer.toString('hex'), '0500')
    },
  },
  {
    name: 'third connection',
    async run(attempt) {
      const halves = await attempt.join()
      const third = await attempt.knock(halves[0].relay, attempt.agreement.digest)
      assert.notEqual(third?.rep, 0, 'a third connection was let in')
      await attempt.flow(halves, mib)
    },
  },
  {
    name: 'slow reader',
    async run(attempt) {
      await attempt.flow(await attempt.join(), 4 * mib, 20)
    },
  },
  {
    name: 'wrong digest',
    async run(attempt) {
      await attempt.dial(0)
      await attempt.dial(1, agree('mallory@example.test/desk').digest)
      assert.notEqual(await attempt.activate(), 'result')
    },
  },
]
