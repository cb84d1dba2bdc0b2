import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SocketCount } from './socket-count.ts'

describe('SocketCount', () => {
  it('counts handshakes and what is established, up to its capacity', () => {
    const sockets = new SocketCount(3, () => 2)
    assert.equal(sockets.take(), true)
    assert.equal(sockets.take(), false)
    sockets.giveBack()
    assert.equal(sockets.open, 2)
  })

  it('is pressed from 80 % on', () => {
    let established = 79
    const sockets = new SocketCount(100, () => established)
    assert.equal(sockets.pressed, false)
    established = 80
    assert.equal(sockets.pressed, true)
  })

  it('is full from 95 % on, until it is down to 90 %', () => {
    let established = 94
    const sockets = new SocketCount(100, () => established)
    const seen = [94, 95, 91, 90, 89, 94, 95].map((count) => {
      established = count
      return sockets.full
    })
    assert.deepEqual(seen, [false, true, true, true, false, false, true])
  })
})
