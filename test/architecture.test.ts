import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { breaches, type SourceFile } from './support/architecture.ts'

const services = fileURLToPath(new URL('../services/', import.meta.url))

describe('services/', () => {
  it('imports one way only', async () => {
    const found = breaches(await sources())
    assert.equal(found.length, 0, `\n${found.join('\n')}\n`)
  })
})

describe('breaches()', () => {
  const cases: ReadonlyArray<readonly [fact: string, path: string, text: string, says: RegExp]> = [
    [
      'a service that imports another',
      'relay/pairing.ts',
      "import { route } from '../control/component/route.ts'",
      /^services\/relay\/pairing\.ts imports services\/control\/component\/route\.ts: services meet/,
    ],
    [
      'a type imported from another service over several lines',
      'control/bytestreams/activate.ts',
      "import type {\n  Half,\n} from '../../relay/half-connection.ts'",
      /activate\.ts imports services\/relay\/half-connection\.ts/,
    ],
    ['a command that reaches into a service', 'cli/commands/serve.ts', "import '../../relay/pairing.ts'", /cli alone/],
    [
      'a shared module that knows a service',
      'shared/rpc/client.ts',
      "export { x } from '../../relay/rpc.ts'",
      /no service/,
    ],
    [
      'a module that imports its root',
      'relay/drain.ts',
      "const { stop } = await import('./wire.ts')",
      /wire\.ts composes/,
    ],
    ['an import of an entry', 'relay/drain.ts', "import './main.ts'", /main\.ts is an entry/],
    ['I/O in the domain', 'shared/bytestream/jid.ts', "import { readFile } from 'node:fs'", /imports node:fs: .* pure/],
    ['a package in the domain', 'shared/bytestream/jid.ts', "import { z } from 'zod'", /imports zod: .* pure/],
    ['a clock in the domain', 'shared/bytestream/digest.ts', 'const now = Date.now()', /says `Date\.now`: .* no clock/],
    ['a socket in the parser', 'relay/socks5/request.ts', "import type { Socket } from 'node:net'", /imports node:net/],
    ['the environment in a module', 'control/component/connect.ts', 'const { X } = process.env', /touch the process/],
    [
      'a dialer on the client path',
      'relay/half-connection.ts',
      "import { connect } from 'node:net'",
      /only trunk-transport\.ts/,
    ],
    [
      "a client's dialer on the client path",
      'relay/pairing.ts',
      "import '../shared/transfer/socks5-client.ts'",
      /never dials/,
    ],
    [
      "a client's dialer where control answers iqs",
      'control/bytestreams/streamhost.ts',
      "import '../../shared/transfer/socks5-client.ts'",
      /never dials/,
    ],
    [
      'a client inside the self-test',
      'control/self-test/self-test.ts',
      "import '../../shared/transfer/requester.ts'",
      /takes nothing else/,
    ],
    ['a call of net.connect', 'relay/listener.ts', 'net.connect(1)', /says `net\.connect`: only trunk-transport/],
  ]
  for (const [fact, path, text, says] of cases) {
    it(`names ${fact}`, () => {
      const found = breaches([{ path, text }])
      assert.ok(
        found.some((sentence) => says.test(sentence)),
        `found ${JSON.stringify(found)}`,
      )
    })
  }

  it('lets a comment say what the code must not', () => {
    assert.deepEqual(
      breaches([{ path: 'shared/bytestream/jid.ts', text: '/** Not process.env. */\n// Date.now()' }]),
      [],
    )
  })

  it('lets the command line start a service, and the trunk and the self-test dial', () => {
    const files = [
      { path: 'cli/commands/serve.ts', text: "import { startRelay } from '../../relay/wire.ts'" },
      { path: 'relay/trunk-transport.ts', text: "import { connect } from 'node:net'" },
      { path: 'control/self-test/round-trip.ts', text: "import '../../shared/transfer/socks5-client.ts'" },
    ]
    assert.deepEqual(breaches(files), [])
  })
})

/** All sources but tests and the suites they share, which may stand anywhere. */
async function sources(): Promise<SourceFile[]> {
  const entries = await readdir(services, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && /(?<!\.(?:test|long|contract))\.ts$/.test(entry.name))
    .map((entry) => relative(services, join(entry.parentPath, entry.name)))
  assert.ok(paths.length > 0, `there are sources in ${services}`)
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(services, path), 'utf8') })))
}
