import assert from 'node:assert/strict'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { broken, wireFacts } from './protocol.ts'

const current = fileURLToPath(new URL('../../proto', import.meta.url))
/** The protos of the release before this one, to be replaced when a release is made. */
const previous = fileURLToPath(new URL('previous', import.meta.url))

describe('The protos', () => {
  it('keep every call, field and value that the release before relies on', () => {
    const relied = wireFacts(previous)
    assert.ok(relied.size > 80, `only ${relied.size} facts`)
    assert.deepEqual(broken(relied, wireFacts(current)), [])
  })
})

describe('broken()', () => {
  const changes: readonly [what: string, from: string, to: string, finds: RegExp][] = [
    ['a field that is gone', 'string digest = 1;', '', /Room has field 1 digest/],
    ['a field of another number', 'string digest = 1;', 'string digest = 7;', /Room has field 1 digest/],
    ['a field of another type', 'int64 waited_ms = 2;', 'string waited_ms = 2;', /FoundHalf has field 2/],
    ['a field that is repeated now', 'string half = 2;', 'repeated string half = 2;', /HandoffRequest has field 2/],
    ['a call that is gone', 'rpc Handoff(HandoffRequest) returns (HandoffResponse);', '', /Relay\/Handoff takes/],
    ['a value of another number', 'PATH_LOCAL = 1;', 'PATH_LOCAL = 3;', /Path has value 1/],
  ]
  for (const [what, from, to, finds] of changes) {
    it(`finds ${what}`, async () => {
      const folder = temporaryFolder('protos')
      try {
        await cp(previous, folder.path, { recursive: true })
        const file = `${folder.path}/splice65/relay/v1/relay.proto`
        const text = await readFile(file, 'utf8')
        assert.ok(text.includes(from), `${from} is not in it`)
        await writeFile(file, text.replace(from, to))
        assert.match(broken(wireFacts(previous), wireFacts(folder.path)).join('\n'), finds)
      } finally {
        await folder.remove()
      }
    })
  }
})
