import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { Failure } from '../../shared/bytestream/failure.ts'
import { formatJid, type Jid } from '../../shared/bytestream/jid.ts'
import { ProbeFailure, probeProxy } from '../../shared/transfer/probe.ts'
import { discoverProxies } from '../../shared/transfer/proxies.ts'
import { adviseOn } from '../advice.ts'
import {
  type AccountFlags,
  login,
  parseJidArgument,
  perform,
  type ReportFlags,
  type Surroundings,
  withAccount,
} from '../command.ts'

interface ProbeFlags extends AccountFlags, ReportFlags {
  proxy?: Jid
}

export function probeCommand(surroundings: Surroundings): Command {
  const command = new Command('probe')
    .description('send bytes to oneself through a proxy and tell each step: does its advertised address work?')
    .option('--proxy <jid>', 'the proxy to try; default: the first that the server lists', parseJidArgument)
    .option('--json', 'JSON lines on standard output instead of text')
  return withAccount(command).action((flags: ProbeFlags) => probe(surroundings, flags))
}

async function probe(surroundings: Surroundings, flags: ProbeFlags): Promise<void> {
  await perform(surroundings, { ...flags, trace: true }, async (reporter, cleanup) => {
    const { signal } = surroundings
    const resource = `splice65-${randomBytes(4).toString('hex')}`
    const session = await login(surroundings, flags, resource, reporter.warn, cleanup)
    const tell = reporter.transfer()
    const proxy = flags.proxy ? formatJid(flags.proxy) : (await discoverProxies(session, tell, signal)).at(0)
    if (!proxy) throw new Failure('not-found', `${session.jid.domain} lists no bytestreams proxy: give --proxy`)
    try {
      reporter.probed(proxy, await probeProxy(session, tell, { proxy, signal }))
    } catch (error) {
      if (error instanceof ProbeFailure) reporter.advise(error.stage, adviseOn(error))
      throw error
    }
  })
}
