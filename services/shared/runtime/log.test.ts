import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hostileNames } from '../../../test/support/hostile-names.ts'
import { createLog } from './log.ts'

describe('createLog()', () => {
  it('makes one line of printable JSON of every name, and keeps the name', () => {
    for (const name of hostileNames) {
      const written: string[] = []
      const log = createLog('relay', { logLevel: 'info', pod: 'relay-0' }, { write: (line) => void written.push(line) })
      const short = name.slice(0, 100)
      log.info({ requester: short, err: new Error(short), nested: { [short]: short } }, 'told')
      assert.equal(written.length, 1)
      const [line = ''] = written
      assert.match(line, /^[^\n]*\n$/)
      assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u, JSON.stringify(name))
      const { service, level, requester, err, nested } = JSON.parse(line)
      assert.deepEqual([service, level, requester], ['relay', 'info', short])
      assert.equal(err.message, short)
      assert.deepEqual(nested, { [short]: short })
    }
  })

  it('cuts a field that is thousands of characters long', () => {
    const written: string[] = []
    const log = createLog('relay', { logLevel: 'info', pod: 'relay-0' }, { write: (line) => void written.push(line) })
    log.info({ requester: 'x'.repeat(3_000), outcome: 'completed' }, 'told')
    const { requester, outcome } = JSON.parse(written[0] ?? '')
    assert.deepEqual([requester, outcome], [`${'x'.repeat(512)}…`, 'completed'])
  })
})
