import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { freePort } from '../../deploy/local/port.ts'
import { ns, xml } from '../../services/shared/xmpp/xml.ts'
import { createAuthority } from '../support/certificates.ts'
import { type LiveTransfer, startTransfer } from '../support/live-transfer.ts'
import { cliMain, controlFlags, type Finished, operate } from '../support/operate.ts'
import { logInRequester } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { storyOf } from '../support/story.ts'
import { until } from '../support/until.ts'

const MIB = 1024 * 1024

describe('An operator', () => {
  let fleet: Fleet
  let transfer: LiveTransfer

  const ask = (...args: string[]): Promise<Finished> => operate([...args, ...controlFlags(fleet)])

  before(async () => {
    // At this rate the file takes minutes: every test finds it under way.
    fleet = await startFleet({
      relays: 2,
      streamhostMode: 'per-pod',
      relay: { streamRateBytes: MIB },
      control: { selfTest: true, selfTestIntervalMs: 3_600_000, selfTestTimeoutMs: 3_000, directoryRefreshMs: 100 },
    })
    transfer = await startTransfer(fleet, 256 * MIB)
  })

  after(async () => {
    await transfer?.[Symbol.asyncDispose]()
    await fleet?.stop()
  })

  /** The one bytestream that runs. */
  async function bytestream(): Promise<Record<string, unknown> & { relay: string; id: string }> {
    const { events } = await ask('ls', '--json')
    const found = events.filter(({ event }) => event === 'bytestream')
    assert.equal(found.length, 1)
    return found[0] as Record<string, unknown> & { relay: string; id: string }
  }

  async function advertised(): Promise<string[]> {
    await using alice = await logInRequester(fleet, { resource: 'asker' })
    const answer = await alice.ask('get', xml('query', { xmlns: ns.bytestreams }))
    const streamhosts = answer.getChild('query', ns.bytestreams)?.getChildren('streamhost') ?? []
    return streamhosts.map(({ attrs }) => String(attrs.jid)).sort()
  }

  it('lists relays and the bytestream that runs, as tables and as JSON lines', async () => {
    const { id, relay, requester, target, ageMs, bytesFromFirst, bytesFromSecond } = await bytestream()
    assert.match(String(requester), /^alice@example\.test\/splice65-/)
    assert.equal(target, 'bob@example.test/splice65')
    assert.ok(Number(ageMs) > 0 && Number(bytesFromFirst) + Number(bytesFromSecond) > 0)

    const { code, stdout, stderr } = await ask('ls')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^RELAY +STATE +BYTESTREAMS +LEGS +WAITING +RELAYED +SOCKETS +ENGINE/m)
    for (const name of ['relay-0', 'relay-1']) assert.match(stdout, new RegExp(`^${name} +ready +`, 'm'))
    assert.match(stdout, new RegExp(`^${id.slice(0, 6)} +${relay} .*alice@example\\.test`, 'm'))

    const other = relay === 'relay-0' ? 'relay-1' : 'relay-0'
    const { events } = await ask('ls', '--relay', other, '--json')
    assert.deepEqual(
      events.map(({ event, name }) => [event, name]),
      [['relay', other]],
    )
  })

  it('sees one frame of rates without a terminal', async () => {
    const { code, stdout } = await ask('top', '--once', '--interval', '0.5')
    assert.equal(code, 0)
    assert.match(stdout, /^splice65 {2}2 relays {2}· {2}1 bytestream .* [1-9][\d.]* [KM]iB\/s$/m)
    assert.match(stdout, /^[0-9a-f]{6} +[1-9][\d.]* [KM]iB\/s .*alice@example\.test/m)
  })

  it('is told that top needs a terminal', async () => {
    const { code, stderr } = await ask('top')
    assert.equal(code, 2)
    assert.match(stderr, /needs a terminal.*--once/)
  })

  for (const [key, name] of [
    ['q', 'q'],
    ['\x03', 'Ctrl-C'],
  ] as const) {
    it(`watches on a terminal, and ${name} gives it back as it was`, async () => {
      await using terminal = openTerminal(`${command('top', '--interval', '0.2')}; echo "exit $?"; stty -a`)
      await until('bytestreams are drawn', () => /ID +RATE[\s\S]*alice@example\.test/.test(terminal.output()))
      assert.ok(terminal.output().includes('\x1b[?1049h\x1b[?25l'), 'a screen of its own, without a cursor')
      await until('rates are drawn', () => /relay-\d +ready +[1-9][\d.]* [KM]iB\/s/.test(terminal.output()))
      terminal.type('\x1b[C')
      await until('the order changed', () => terminal.output().includes('sort by bytes'))
      terminal.type(key)
      await terminal.ended
      const [, after = ''] = terminal.output().split('\x1b[?25h\x1b[?1049l')
      assert.match(after, /exit 0/)
      assert.match(after, / icanon/)
      assert.match(after, / echo /)
    })
  }

  it('gets the terminal back when top is told to end', async () => {
    await using terminal = openTerminal(`echo "pid $$"; exec ${command('top')}`)
    await until('it is drawn', () => terminal.output().includes('sort by rate'))
    process.kill(Number(/pid (\d+)/.exec(terminal.output())?.[1]), 'SIGTERM')
    assert.equal(await terminal.ended, 130)
    assert.ok(terminal.output().includes('\x1b[?25h\x1b[?1049l'))
  })

  it('takes a relay out and lets it in again', async () => {
    const { relay } = await bytestream()
    const own = `${fleet.proxy}/${relay}`
    assert.ok((await advertised()).includes(own))

    const { code, stdout } = await ask('drain', relay)
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^${relay} drains: 1 bytestream, 0 waiting half-connections$`, 'm'))
    await until('it is no longer advertised', async () => !(await advertised()).includes(own))
    assert.match((await ask('ls')).stdout, new RegExp(`^${relay} +draining `, 'm'))

    assert.equal((await ask('drain', relay, '--undo')).code, 0)
    await until('it is advertised again', async () => (await advertised()).includes(own))
    assert.match((await ask('ls')).stdout, new RegExp(`^${relay} +ready `, 'm'))
  })

  it('has every address and relay tested', async () => {
    const { code, stdout } = await ask('selftest')
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^ok +component connected$/m)
    assert.match(stdout, /^ok +streamhost shared at 127\.0\.0\.1:\d+ in [\d.]+ s by relay-0, relay-1$/m)
    for (const name of ['relay-0', 'relay-1']) assert.match(stdout, new RegExp(`^ok +relay ${name}$`, 'm'))
  })

  it('is told what is wrong, and what to do', async () => {
    await using folder = temporaryFolder('operator')
    const wrong = folder.file('token')
    await writeFile(wrong, 'some other token, long enough')
    const { control } = fleet
    const cases: readonly (readonly [Promise<Finished>, number, RegExp])[] = [
      [operate(['ls', '--control', `127.0.0.1:${await freePort()}`]), 5, /Cannot reach control at 127.*ECONNREFUSED/],
      [operate(['ls', '--control', control.rpcAddress]), 4, /wants its token: give --token-file/],
      [operate(['ls', '--control', control.rpcAddress, '--token-file', wrong]), 4, /does not know this token/],
      [
        operate(['ls', '--control', control.rpcAddress, '--token-file', folder.file('none')]),
        3,
        /Cannot read the token/,
      ],
      [operate(['ls', '--control', 'nonsense']), 2, /host:port/],
      [ask('ls', '--relay', 'relay-9'), 3, /No relay is called relay-9; known are: relay-0, relay-1/],
      [ask('drain', 'relay-9'), 3, /No relay is called relay-9/],
      [ask('end', 'ffffffffffffffffff'), 3, /No bytestream begins with f+: `splice65 ls`/],
    ]
    for (const [finished, code, says] of cases) {
      const { code: found, stderr } = await finished
      assert.match(stderr, says)
      assert.equal(found, code, stderr)
    }
  })

  it('needs no options in the environment of a control', async () => {
    const { rpcAddress, env } = fleet.control
    const { code } = await operate(['ls'], {
      CONTROL_RPC_PORT: rpcAddress.split(':')[1],
      CONTROL_RPC_TOKEN_FILE: env.CONTROL_RPC_TOKEN_FILE,
    })
    assert.equal(code, 0)
  })

  it('waits for a relay to be empty, and ends the bytestream that it waits for', async () => {
    const { id, relay } = await bytestream()
    const waiting = ask('drain', relay, '--wait', '--json')
    await until('it drains', async () => (await sample(fleet.relays, 'splice65_draining')) === 1)

    const { code, stdout } = await ask('end', id.slice(0, 6))
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^ended ${id} on ${relay}: alice@example\\.test/.* with bob@example\\.test`))
    await fleet.control.waitForLine(({ act, bytestream: ended }) => act === 'end' && ended === id)
    const { outcome, reason } = await storyOf(fleet.relays)
    assert.deepEqual([outcome, reason], ['aborted', 'operator'])
    const labels = { outcome: 'aborted', reason: 'operator' }
    assert.equal(await sample(fleet.relays, 'splice65_bytestreams_total', labels), 1)
    assert.equal((await transfer.alice.exited).code, 5)

    const { code: waited, events } = await waiting
    assert.equal(waited, 0)
    assert.deepEqual(events.at(-1)?.bytestreams, 0)
    assert.equal((await ask('drain', relay, '--undo')).code, 0)
  })

  it('learns from a self-test that a relay cannot be reached', async () => {
    const [relay] = fleet.relays
    relay?.kill('SIGSTOP')
    try {
      const { code, stdout, stderr } = await ask('selftest')
      assert.equal(code, 1)
      assert.match(stdout, /^failed +streamhost relay-0 at 127\.0\.0\.1:\d+: timeout: /m)
      assert.match(stdout, /^failed +relay relay-0: no bytes/m)
      assert.match(stderr, /The self-test failed/)
    } finally {
      relay?.kill('SIGCONT')
    }
  })

  it('keeps what it saw last, and is told so, when control goes away', async () => {
    await using terminal = openTerminal(`${command('top', '--interval', '0.2')}; echo "exit $?"`)
    await until('it is drawn', () => terminal.output().includes('sort by rate'))
    fleet.control.kill()
    await until('it is told', () => /no answer: Cannot reach control/.test(terminal.output()))
    terminal.type('q')
    await terminal.ended
    assert.match(terminal.output(), /exit 0/)
  })

  const command = (...args: string[]): string =>
    [process.execPath, cliMain, ...args, ...controlFlags(fleet)].map((word) => `'${word}'`).join(' ')

  /** A shell command on a terminal of its own, 120 places wide. */
  function openTerminal(shell: string) {
    const child = spawn('script', ['-qec', `stty cols 120 rows 30; ${shell}`, '/dev/null'], {
      env: { PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/sh' },
    })
    let output = ''
    child.stdout.on('data', (bytes) => {
      output += bytes
    })
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    return {
      ended,
      output: () => output,
      type: (text: string) => child.stdin.write(text),
      async [Symbol.asyncDispose]() {
        child.kill()
        await ended
      },
    }
  }
})

describe('An operator whose control wants mutual TLS', () => {
  it('is served with a certificate of its authority, and told what is missing without', async () => {
    await using folder = temporaryFolder('operator-tls')
    const authority = await createAuthority(folder)
    const pod = { ...(await authority.issue('pod')) }
    await using fleet = await startFleet({ relays: 1, control: pod, relay: pod })
    const { tlsCertFile, tlsKeyFile, tlsCaFile } = await authority.issue('operator')
    const env = { CONTROL_TLS_CERT_FILE: tlsCertFile, CONTROL_TLS_KEY_FILE: tlsKeyFile, CONTROL_TLS_CA_FILE: tlsCaFile }
    const served = await operate(['ls', ...controlFlags(fleet)], env)
    assert.equal(served.code, 0, served.stderr)
    assert.match(served.stdout, /^relay-0 +ready /m)

    const { code, stderr } = await operate(['ls', ...controlFlags(fleet)])
    assert.equal(code, 5)
    assert.match(stderr, /Cannot reach control at .* does it want TLS/)
  })
})
